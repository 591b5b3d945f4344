"""Models of finished runs in files small enough to commit, to go on from on another machine.

The tensors are rounded to bfloat16 and cut by rows; sums.json holds the SHA-256 of every file. Embeddings
that tasks start from stay as they are: tasks that freeze them shall have the same table on every machine.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from siliconbert.models.atomic import placed
from siliconbert.models.compressed import sha256

LIMIT = 8 * 2**20  # bytes a file
HEADER = 2**16  # bytes of a file kept free for its header
SUMS = "sums.json"
HEADS = ("ramps.", "classifier.", "albert.pooler.", "bert.pooler.")
PIECE = "::"  # tensor name :: first row of the piece


def home(recipe_path: str | Path) -> Path:
    """Where the models of a recipe's neighbours are committed: `checkpoints` beside the folder `recipes`."""
    path = Path(recipe_path).resolve()
    above = next((p for p in path.parents if p.name == "recipes"), path)
    return above.parent / "checkpoints"


def save(model: Path, folder: Path, heads: bool = True, limit: int = LIMIT) -> None:
    """Writes the model folder's tensors, config and card in files of at most `limit` bytes; all or nothing.

    heads : with the exits' weights and rounded embeddings; False for a model of no task, where tasks start
    """
    tensors = {name: t for name, t in sorted(read(model).items()) if heads or not name.startswith(HEADS)}
    exact = {name for name in tensors if not heads and ".embeddings." in name}
    stored = {name: t if name in exact else t.bfloat16() for name, t in tensors.items()}
    shards = list(_shards(stored, limit - HEADER))
    with placed(folder) as fresh:
        for i, shard in enumerate(shards, 1):
            save_file(shard, fresh / f"model-{i}-of-{len(shards)}.safetensors", metadata={"format": "pt"})
        for name in ("config.json", "card.json", "vocab.txt"):
            if (model / name).is_file():
                shutil.copyfile(model / name, fresh / name)
        for path in fresh.iterdir():
            path.chmod(0o644)  # safetensors makes files that only their owner may read
        sums = {path.name: sha256(path) for path in sorted(fresh.iterdir())}
        (fresh / SUMS).write_text(json.dumps(sums, indent=1) + "\n")


def read(folder: Path) -> dict[str, Tensor]:
    """Every floating-point tensor of the folder as float32; checked where the folder has sums."""
    check(folder)
    found: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            found |= {name: t.float() for name, t in load_file(path).items() if t.is_floating_point()}
        except SafetensorError as error:
            raise ValueError(f"train: {path}: not a whole safetensors file ({error})") from None
    return _joined(found)


def check(folder: Path) -> None:
    """ValueError where a file is missing or has other bytes than sums.json says."""
    path = folder / SUMS
    if not path.is_file():
        return
    try:
        sums = json.loads(path.read_text())
    except ValueError:
        raise ValueError(f"train: {path}: not valid JSON; get it again (git checkout)") from None
    for name, wanted in sums.items():
        if not (folder / name).is_file() or sha256(folder / name) != wanted:
            raise ValueError(
                f"train: {folder / name} is missing or its bytes have changed since {SUMS} was written; "
                "get it again (git checkout) or run its recipe"
            )


def _shards(tensors: dict[str, Tensor], room: int) -> Iterator[dict[str, Tensor]]:
    """Tensors in order, cut between rows wherever a shard is full."""
    shard: dict[str, Tensor] = {}
    free = room
    for name, tensor in tensors.items():
        row, size = 0, tensor[0].nbytes
        while row < len(tensor):
            count = min(len(tensor) - row, free // size)
            if count:
                shard[f"{name}{PIECE}{row}"] = tensor[row : row + count].clone()
                row, free = row + count, free - count * size
            if row < len(tensor):
                yield shard
                shard, free = {}, room
    yield shard


def _joined(pieces: dict[str, Tensor]) -> dict[str, Tensor]:
    rows: dict[str, dict[int, Tensor]] = {}
    for key, tensor in pieces.items():
        name, _, row = key.partition(PIECE)
        rows.setdefault(name, {})[int(row or 0)] = tensor
    return {
        name: torch.cat([parts[row] for row in sorted(parts)]) if len(parts) > 1 else parts[0]
        for name, parts in rows.items()
    }
