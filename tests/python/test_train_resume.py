"""Training that is stopped: it goes on to the same bits, from whole checkpoints of the same recipe only."""

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from safetensors.torch import load_file  # noqa: E402

from siliconbert import train  # noqa: E402
from siliconbert.train import checkpoint, loop, recipe, series  # noqa: E402

RECIPES = Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes"
OFTEN = "checkpoint_minutes: 0\n"  # after every step
# Everything that has a state: dropout, made-up sentences, spans, scores, both prunings (the word table
# freezes on the way), the predictors.
ALL = """name: all
phase: task
start: package
teacher: package
data: sst2
dropout: 0.1
augment: {copies: 1}
pairs: [[1, 1], [6, 6]]
embedding_share: 0.5
exit_weights: [1, 1, 1, 1, 1, 2]
spans: {start: 20, lr: 2.0, freeze_at: 0.9}
density: {word: {density: 0.4, end: 0.5}, encoder: {density: 0.5, begin: 0.1, end: 0.9, method: movement}}
epochs: 1
lr: 1.0e-3
seed: 5
budget_minutes: 1
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def written(folder):
    path = folder / "all.yaml"
    path.write_text(ALL + OFTEN)
    return path


def weights(out, name="all"):
    return load_file(out / name / "model" / "model.safetensors")


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def stop_at(step, monkeypatch):
    """The run stops as if killed: nothing is saved, nothing cleared up."""
    one = loop.Loop._one

    def stopped(self, number, batch):
        if number == step:
            raise KeyboardInterrupt
        one(self, number, batch)

    monkeypatch.setattr(loop.Loop, "_one", stopped)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    train.run(written(out), out, smoke=True)
    return out


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder in which the recipe was stopped before step 19."""
    out = tmp_path_factory.mktemp("killed")
    with pytest.MonkeyPatch.context() as patch:
        stop_at(19, patch)
        with pytest.raises(KeyboardInterrupt):
            train.run(written(out), out, smoke=True)
    assert not (out / "all" / "model").exists()
    return out


@pytest.fixture
def stopped(killed, tmp_path):
    """The recipe in a copy of that folder."""
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    return tmp_path / "all.yaml"


def test_a_stopped_run_goes_on_to_the_same_bits(stopped, undisturbed, capsys):
    out = stopped.parent
    train.run(stopped, out, smoke=True)
    assert "resumed at step 18" in capsys.readouterr().out
    assert same(weights(out), weights(undisturbed))


def test_it_does_not_matter_how_often_it_stops(undisturbed, tmp_path, monkeypatch):
    path = written(tmp_path)
    for step in (1, 3, 17):
        with monkeypatch.context() as patch:
            stop_at(step, patch)
            with pytest.raises(KeyboardInterrupt):
                train.run(path, tmp_path, smoke=True)
    kept = torch.load(tmp_path / "all" / checkpoint.NEWEST, weights_only=True)
    train.run(path, tmp_path, smoke=True)
    assert same(weights(tmp_path), weights(undisturbed))
    word = weights(tmp_path)["bert.embeddings.word_embeddings.weight"]
    assert not torch.equal(kept["weights"]["0.word"], word)  # the comparison would see a difference


def cut(path):
    path.write_bytes(path.read_bytes()[:-1000])


def flip(path):
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    for i in range(middle, middle + 100):  # between tensors lie up to 64 bytes that nobody reads
        data[i] ^= 1
    path.write_bytes(data)


def empty(path):
    path.write_bytes(b"")


def other_keys(path):
    torch.save({"weights": {}}, path)


def missing(path):
    path.unlink()


def newest(path, said=None):
    """What a smoke run of the recipe would go on from."""
    one = recipe.shrink(recipe.read(path))
    text = torch.load(path.parent / "all" / checkpoint.BEFORE, weights_only=True)["text"]
    return checkpoint.newest(path.parent / "all", one, text, [].append if said is None else said.append)


@pytest.mark.parametrize("harm", [cut, flip, empty, other_keys, missing])
def test_the_checkpoint_before_serves_where_the_newest_is_bad(stopped, harm):
    harm(stopped.parent / "all" / checkpoint.NEWEST)
    said = []
    assert newest(stopped, said)["step"] == 17
    assert said[-1] == "going on from the checkpoint before"
    assert harm is missing or said[0].startswith("checkpoint state.pt cannot be used: ")


def test_from_the_checkpoint_before_it_goes_on_to_the_same_bits(stopped, undisturbed, capsys):
    cut(stopped.parent / "all" / checkpoint.NEWEST)
    train.run(stopped, stopped.parent, smoke=True)
    assert "resumed at step 17" in capsys.readouterr().out
    assert same(weights(stopped.parent), weights(undisturbed))


def test_no_good_checkpoint_is_one_sentence_and_fresh_starts_again(stopped, undisturbed):
    out = stopped.parent
    for name in (checkpoint.NEWEST, checkpoint.BEFORE):
        cut(out / "all" / name)
    with pytest.raises(
        ValueError, match=r"no checkpoint of all can be used \(state.pt: .*--fresh starts again"
    ):
        train.run(stopped, out, smoke=True)
    train.run(stopped, out, resume=False, smoke=True)
    assert same(weights(out), weights(undisturbed))


def test_a_checkpoint_of_another_recipe_is_refused_with_the_difference(stopped):
    text = stopped.read_text()
    stopped.write_text(text.replace("lr: 1.0e-3", "lr: 2.0e-3"))
    with pytest.raises(
        ValueError, match=r"is of another recipe \(lr 0.001, now 0.002\); give another --out, or"
    ):
        train.run(stopped, stopped.parent, smoke=True)
    stopped.write_text(text.replace("begin: 0.1", "begin: 0.2"))
    with pytest.raises(ValueError, match=r"\(density .*'begin': 0.1.*, now .*'begin': 0.2[^;]*\)"):
        newest(stopped)
    with pytest.raises(ValueError, match=r"text 120 texts, [0-9]* tokens, now other"):
        checkpoint.newest(
            stopped.parent / "all", recipe.shrink(recipe.read(written(stopped.parent))), "other", [].append
        )


def test_planning_may_change_on_the_way(stopped):
    stopped.write_text(stopped.read_text().replace("budget_minutes: 1", "budget_minutes: 9"))
    assert newest(stopped)["step"] == 18


def test_a_loss_that_is_not_finite_keeps_the_last_good_checkpoint(stopped, undisturbed, monkeypatch, capsys):
    """The state before the bad step stays and goes on, once the cause is gone, to the same bits."""
    out = stopped.parent
    finite = loop.Loop._finite

    def broken(self, name, value, number):
        finite(self, name, torch.tensor(float("nan")) if number == 21 else value, number)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Loop, "_finite", broken)
        with pytest.raises(FloatingPointError, match="all: the loss became nan at step 21; the last good"):
            train.run(stopped, out, smoke=True)
    assert "stopped: the loss became" in (out / "all" / "log.txt").read_text()
    train.run(stopped, out, smoke=True)
    assert "resumed at step 20" in capsys.readouterr().out
    assert same(weights(out), weights(undisturbed))


def test_weights_that_are_not_finite_are_never_saved(stopped, monkeypatch):
    out = stopped.parent
    one = loop.Loop._one

    def spoilt(self, number, batch):
        one(self, number, batch)
        with torch.no_grad():
            self.parameters[3].fill_(float("nan"))

    monkeypatch.setattr(loop.Loop, "_one", spoilt)
    with pytest.raises(FloatingPointError, match="the largest weight became nan at step 19"):
        train.run(stopped, out, smoke=True)
    kept = torch.load(out / "all" / checkpoint.NEWEST, weights_only=True)
    assert kept["step"] == 18 and all(w.isfinite().all() for w in kept["weights"].values())


def test_stopped_ramps_start_again_and_end_alike(undisturbed, tmp_path, monkeypatch):
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "model").symlink_to(undisturbed / "all" / "model")
    path = tmp_path / "ramps.yaml"
    path.write_text(
        "name: ramps\nphase: ramps\nstart: all\ndata: sst2\nepochs: 2\nlr: 1.0e-3\nseed: 1\n"
        "budget_minutes: 1\n"
    )
    train.run(path, tmp_path, smoke=True)
    first = weights(tmp_path, "ramps")
    with monkeypatch.context() as patch:
        patch.setattr(
            "siliconbert.train.work.export.save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            train.run(path, tmp_path, smoke=True)
    train.run(path, tmp_path, smoke=True)
    assert same(weights(tmp_path, "ramps"), first)


def test_what_a_recipe_leaves_out_counts_as_its_default():
    one = recipe.Recipe("r", "task", "package", "sst2", epochs=3, lr=1e-4, seed=1, budget_minutes=9)
    assert recipe.differences(one.plain() | {"clip": 1.0}, one) == []
    assert recipe.differences(replace(one, exit_weights=(1.0, 2.0)).plain(), one) == [
        "exit_weights [1.0, 2.0], now []"
    ]


def test_the_plan_says_how_far_every_recipe_is(tmp_path):
    folder = tmp_path / "recipes"
    folder.mkdir()
    for name, start in (("a", "package"), ("b", "a"), ("c", "b"), ("d", "b")):
        text = ALL.replace("name: all", f"name: {name}").replace("start: package", f"start: {start}")
        (folder / f"{name}.yaml").write_text(text)
        model = tmp_path / "checkpoints" / "a" if name == "a" else tmp_path / "out" / name / "model"
        if name != "d":
            model.mkdir(parents=True)
            stage = {"recipe": recipe.read(folder / f"{name}.yaml").plain()}
            (model / "card.json").write_text(json.dumps({"stages": [{}, stage]}))
    text = (folder / "b.yaml").read_text()
    (folder / "b.yaml").write_text(text.replace("lr: 1.0e-3", "lr: 2.0e-3"))
    (tmp_path / "out" / "d").mkdir()
    (tmp_path / "out" / "d" / checkpoint.NEWEST).write_bytes(b"")
    planned = train.plan(folder, tmp_path / "out")
    found = {p.recipe.name: p.standing for p in planned}
    assert found == {"a": "committed", "b": "changed", "c": "done", "d": "begun"}
    assert [p.changes for p in planned if p.changes] == [("lr 0.001, now 0.002",)]
    (tmp_path / "out" / "d" / checkpoint.NEWEST).unlink()
    assert (
        series.planned(folder / "d.yaml", recipe.read(folder / "d.yaml"), tmp_path / "out").standing == "open"
    )
    (folder / "b.yaml").write_text(text)
    (tmp_path / "checkpoints" / "a" / "card.json").unlink()
    assert [p.standing for p in train.plan(folder, tmp_path / "out")] == ["unneeded", "done", "done", "open"]
    (folder / "d.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"train.plan: names must differ"):
        train.plan(folder, tmp_path)
    with pytest.raises(ValueError, match=r"train.plan: folder must hold recipes"):
        train.plan(tmp_path, tmp_path)


@pytest.mark.long
def test_a_killed_command_goes_on_to_the_same_bits(undisturbed, tmp_path):
    """SIGKILL at three moments that the clock chooses; then the same command to its end."""
    path = written(tmp_path)
    command = [sys.executable, "-m", "siliconbert.cli", "train", str(path), "--smoke", "--out", str(tmp_path)]
    state = tmp_path / "all" / checkpoint.NEWEST
    for kill in range(3):
        before = state.stat().st_mtime_ns if state.exists() else 0
        process = subprocess.Popen(
            command, env={"OMP_NUM_THREADS": "1", "PATH": ""}, stdout=subprocess.DEVNULL
        )
        while process.poll() is None and (not state.exists() or state.stat().st_mtime_ns == before):
            time.sleep(0.001)
        time.sleep(0.003 * kill)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, env={"OMP_NUM_THREADS": "1", "PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 0 and "resumed at step" in done.stdout
    assert same(weights(tmp_path), weights(undisturbed))
