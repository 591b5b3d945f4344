"""Models in small files: the same values in bfloat16, whole, and found by later recipes."""

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from siliconbert import train  # noqa: E402
from siliconbert.train import export, network, shards  # noqa: E402

RECIPE = Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes" / "teacher-sst2.yaml"


def saved(folder, kind="albert"):
    torch.manual_seed(1)
    net = network.Network(
        network.Shape(
            kind, 3, width=16, heads=2, ffn=32, embedding=16 if kind == "bert" else 8, vocab=90, positions=16
        )
    )
    (folder / "t.json").write_text("{}")
    export.save(net, folder / "model", {"stages": []}, folder / "t.json")
    return net


@pytest.mark.parametrize("kind", ["bert", "albert"])
@pytest.mark.parametrize("heads", [True, False])
def test_shards_are_small_and_hold_the_model_in_bfloat16(tmp_path, kind, heads):
    state = saved(tmp_path, kind).state_dict()
    limit = shards.HEADER + 1000  # the word table alone is larger
    shards.save(tmp_path / "model", tmp_path / "s", heads, limit)
    files = sorted((tmp_path / "s").glob("*.safetensors"))
    assert len(files) > 5 and all(f.stat().st_size <= limit for f in files)
    assert {p.name for p in (tmp_path / "s").iterdir()} - {f.name for f in files} == {
        "config.json",
        "card.json",
        "sums.json",
    }
    again = export.load(tmp_path / "s").state_dict()
    tables = {"word", "position", "types", "norm.weight", "norm.bias"}  # exact where tasks start
    wanted = {name: t if name in tables and not heads else t.bfloat16().float() for name, t in state.items()}
    same = {name for name, t in wanted.items() if torch.equal(again[name], t)}
    assert same >= {name for name in state if heads or not name.startswith("heads.")}
    assert heads or not any(name.endswith("classifier.weight") for name in same)


def test_a_changed_missing_or_cut_file_is_one_sentence(tmp_path):
    saved(tmp_path)
    shards.save(tmp_path / "model", tmp_path / "s")
    shard = tmp_path / "s" / "model-1-of-1.safetensors"
    good = shard.read_bytes()
    for bad in (good[:-1], good[:-1] + bytes([good[-1] ^ 1])):
        shard.write_bytes(bad)
        with pytest.raises(
            ValueError, match=r"model-1-of-1.safetensors is missing or its bytes have changed"
        ):
            export.load(tmp_path / "s")
    shard.unlink()
    with pytest.raises(ValueError, match="is missing or its bytes have changed"):
        export.load(tmp_path / "s")
    whole = tmp_path / "model" / "model.safetensors"
    whole.write_bytes(whole.read_bytes()[:100])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        export.load(tmp_path / "model")


def test_saving_again_replaces_all_files(tmp_path):
    saved(tmp_path)
    shards.save(tmp_path / "model", tmp_path / "s", limit=shards.HEADER + 1000)
    shards.save(tmp_path / "model", tmp_path / "s")
    assert len(list((tmp_path / "s").glob("*.safetensors"))) == 1


def test_later_recipes_find_a_landed_model_and_say_so(tmp_path, monkeypatch, capsys):
    """The landed model is the start on a machine where its recipe has not run."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    text = RECIPE.read_text()
    (folder / "first.yaml").write_text(text.replace("name: teacher-sst2", "name: first"))
    second = text.replace("name: teacher-sst2", "name: second").replace("start: package", "start: first")
    (folder / "second.yaml").write_text(second + "teacher: first\n")
    with pytest.raises(ValueError, match=r"train.land: 'first' has not finished in"):
        train.land(folder / "first.yaml", tmp_path / "here")
    train.run(folder / "first.yaml", tmp_path / "here", smoke=True)
    assert train.land(folder / "first.yaml", tmp_path / "here") == tmp_path / "checkpoints" / "first"
    from siliconbert.train import inputs, recipe

    monkeypatch.setattr(inputs, "real", lambda *_: inputs.smoke(tmp_path, "sst2"))
    read = recipe.read
    monkeypatch.setattr(recipe, "read", lambda path: recipe.shrink(read(path)))
    model = train.run(folder / "second.yaml", tmp_path / "there")
    said = capsys.readouterr().out
    assert f"start: first, from {tmp_path / 'checkpoints' / 'first'} (committed)" in said
    assert "teacher: first, from" in said
    stages = json.loads((model / "card.json").read_text())["stages"]
    assert [stage["recipe"]["name"] for stage in stages] == ["first", "second"]
    train.land(folder / "second.yaml", tmp_path / "there")
    (tmp_path / "checkpoints" / "first" / "config.json").unlink()
    with pytest.raises(
        ValueError, match=r"'first', which has not run in .*there and is not in .*checkpoints"
    ):
        train.run(folder / "second.yaml", tmp_path / "there")
