"""Language models: what a place sees, ADMM, pruning, sweeps, and the recipes in miniature."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from safetensors.numpy import load_file  # noqa: E402

from siliconbert import sparsity, train  # noqa: E402
from siliconbert.train import admm, language, loop, network, pruning, recipe  # noqa: E402

RECIPES = Path(__file__).parents[2] / "experiments" / "cbbp" / "recipes"
CHAIN = ["lm-dense", "lm-admm-16x16", "lm-pruned-16x16", "lm-curve-16x16"]
LINES = """name: own
phase: language
start: new
data: wikitext2-split
shape: {layers: 2, width: 800, heads: 4, ffn: 200, activation: relu}
epochs: 1
lr: 1.0e-3
seed: 1
budget_minutes: 1
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny(causal=True):
    torch.manual_seed(3)
    shape = network.Shape(
        "bert", 2, width=32, heads=4, ffn=16, embedding=32, vocab=50, positions=9, activation="relu"
    )
    return language.LanguageModel(shape, causal).eval()


def written(folder, more="", name="own"):
    path = folder / f"{name}.yaml"
    path.write_text(LINES + more)
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Dense, ADMM, retraining and curve, smoke-sized."""
    out = tmp_path_factory.mktemp("runs")
    for name in CHAIN:
        train.run(RECIPES / f"{name}.yaml", out, smoke=True, device="cpu")
    return out


def test_every_recipe_reads_and_the_plan_respects_what_they_start_from():
    plan = [p.recipe for p in train.plan(RECIPES)]
    order = [r.name for r in plan]
    assert sorted(order) == sorted(p.stem for p in RECIPES.glob("*.yaml"))
    assert all(order.index(r.start) < order.index(r.name) for r in plan if r.start != "new")
    assert all(r.budget_minutes <= 150 for r in plan)


def test_seeds_have_the_settings_of_the_first():
    first = recipe.read(RECIPES / "lm-pruned-4x4.yaml")
    third = recipe.read(RECIPES / "lm-pruned-4x4-seed3.yaml")
    assert replace(third, name=first.name, seed=first.seed, start=first.start) == first
    assert first.density["decoder"].made() == sparsity.Block((4, 4), "row")
    assert first.admm is None
    assert first.lr < recipe.read(RECIPES / "lm-dense.yaml").lr


def test_a_causal_place_sees_no_later_word_and_an_unmasked_one_does():
    words = torch.randint(50, (1, 9), generator=torch.Generator().manual_seed(1))
    changed = words.clone()
    changed[0, 5:] = (changed[0, 5:] + 1) % 50
    for causal in (True, False):
        with torch.no_grad():
            before, after = (tiny(causal).next_words(x, torch.float32)[0, :5] for x in (words, changed))
        assert torch.equal(before, after) == causal


def test_dropout_is_for_training_only():
    model, words = tiny(), torch.zeros(2, 9, dtype=torch.long)
    model.dropout = 0.5
    with torch.no_grad():
        still, again = model.next_words(words), model.next_words(words)
        model.train()
        noisy = model.next_words(words)
    assert torch.equal(still, again)
    assert not torch.equal(still, noisy)


def test_a_saved_model_loads_to_the_same_logits(tmp_path):
    model, words = tiny(causal=False), torch.arange(9)[None]
    language.save(model, tuple(f"w{i}" for i in range(50)), tmp_path / "model", {"name": "tiny"})
    again = language.load(tmp_path / "model").eval()
    with torch.no_grad():
        assert torch.equal(again.next_words(words, torch.float32), model.next_words(words, torch.float32))
    assert (tmp_path / "model" / "vocab.txt").read_text().split() == [f"w{i}" for i in range(50)]
    (tmp_path / "model" / "config.json").write_text("{}")
    with pytest.raises(
        ValueError, match=r"model is no language model, its config\.json has no language_model"
    ):
        language.load(tmp_path / "model")


def test_admm_without_a_loss_leaves_what_the_pattern_keeps():
    model = tiny()
    schedules = {"encoder": pruning.Schedule(0.25, end=0, pattern={"kind": "block", "shape": [4, 4]})}
    before = model.layers[0].query.weight.detach().clone()
    pulled = admm.Admm(model, schedules, admm.AdmmPlan(rho=0.1, growth=1, updates=20))
    assert pulled.densities()["kept"] < 0.5
    for step in range(1, 201):
        pulled.update(step / 200)
        pulled.pull()
    assert pulled.densities()["kept"] > 0.999
    mask = sparsity.prune(before.numpy(), sparsity.Block((4, 4)), 0.25)
    after = model.layers[0].query.weight.detach().numpy()
    np.testing.assert_allclose(after[mask], before.numpy()[mask], rtol=1e-4)
    assert np.abs(after[~mask]).max() < 0.01 * np.abs(before.numpy()).max()


def test_the_pull_grows_and_u_with_it_shrinks():
    model = tiny()
    schedules = {"decoder": pruning.Schedule(0.5, end=0)}
    pulled = admm.Admm(model, schedules, admm.AdmmPlan(rho=0.1, growth=100, updates=2))
    assert pulled.rho == pytest.approx(0.001)
    apart = (model.decoder.weight - pulled.z["decoder"]).detach()
    pulled.update(0.5)
    assert pulled.rho == pytest.approx(0.01)
    torch.testing.assert_close(pulled.u["decoder"], apart / 10)


def test_the_chain_ends_in_balanced_block_columns(runs):
    dense, pruned = (load_file(runs / CHAIN[i] / "model" / "model.safetensors") for i in (0, 2))
    assert all((values != 0).mean() > 0.9 for name, values in dense.items() if "dense.weight" in name)
    decoder = pruned["decoder.weight"]  # (outputs, inputs): 2 block columns of inputs, one kept
    sparsity.check(decoder != 0, sparsity.Block((16, 16), "row"))
    assert (decoder != 0).mean() == pytest.approx(0.5)
    assert (pruned["bert.embeddings.word_embeddings.weight"] != 0).all()


def test_a_run_leaves_metrics_predictions_and_no_checkpoint(runs):
    folder = runs / CHAIN[2]
    assert {p.name for p in folder.iterdir()} == {"log.txt", "metrics.json", "model", "predictions.npy"}
    metrics = json.loads((folder / "metrics.json").read_text())
    card = json.loads((folder / "model" / "card.json").read_text())
    predicted = np.load(folder / "predictions.npy")
    assert metrics["places"] == predicted.size
    assert metrics["densities"]["decoder"] == pytest.approx(0.5)
    assert card["held_out"]["accuracy"] == metrics["accuracy"] > 0.2
    assert 0 < metrics["bigram"]["accuracy"] < 1
    assert [stage["recipe"]["name"] for stage in card["stages"]] == CHAIN[:3]


def test_a_sweep_has_a_point_for_every_density_and_skips_what_is_done(runs, monkeypatch):
    path, folder = RECIPES / f"{CHAIN[3]}.yaml", runs / CHAIN[3]
    wanted = recipe.shrink(recipe.read(path)).sweep
    curve = json.loads((folder / "model" / "card.json").read_text())["curve"]
    assert [point["density"] for point in curve] == list(wanted)
    assert not list(folder.glob("*/model.safetensors"))
    monkeypatch.setattr(loop.Loop, "run", lambda *_: pytest.fail("trained again"))
    train.run(path, runs, smoke=True, device="cpu")
    assert [p.standing for p in train.plan(RECIPES, runs) if p.recipe.name == CHAIN[3]] == ["changed"]


@pytest.mark.parametrize("name", ["lm-admm-16x16", "lm-pruned-16x16"])
def test_a_stopped_run_goes_on_to_the_same_bits(runs, name, tmp_path, monkeypatch):
    for needed in CHAIN[:2]:
        (tmp_path / needed).symlink_to(runs / needed) if needed != name else None
    often = tmp_path / f"{name}.yaml"
    often.write_text(f"like: {name}-all\ncheckpoint_minutes: 0\n")
    for source in RECIPES.glob("*.yaml"):
        target = f"{name}-all.yaml" if source.stem == name else source.name
        (tmp_path / target).write_text(source.read_text())
    one = loop.Loop._one

    def stopped(self, number, batch):
        if number == 9:
            raise KeyboardInterrupt
        one(self, number, batch)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Loop, "_one", stopped)
        with pytest.raises(KeyboardInterrupt):
            train.run(often, tmp_path, smoke=True, device="cpu")
    train.run(often, tmp_path, smoke=True, device="cpu")
    ours, theirs = (load_file(out / name / "model" / "model.safetensors") for out in (tmp_path, runs))
    assert all(np.array_equal(ours[key], theirs[key]) for key in theirs)
    assert "resumed at step 8" in (tmp_path / name / "log.txt").read_text()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("data: sst2\n", "data of a language phase must be one of wikitext2, wikitext2-split; got 'sst2'"),
        ("phase: task\n", "data wikitext2 and wikitext2-split and start new are for a language phase"),
        ("teacher: package\n", "a language phase starts from new or a recipe, without teacher and base"),
        ("admm: {rho: 1}\n", "admm and sweep need the density of the matrices they are about"),
        ("admm: {rho: 2}\n", r"admm needs rho in \(0, 1\], growth and updates of at least 1, got AdmmPlan"),
        ("sweep: [0.5, 0]\n", r"sweep must be a list of densities above 0 and up to 1, got \[0.5, 0\]"),
        ("like: own\n", "like must be the name of another recipe, got 'own'"),
        ("like: gone\n", "recipe must be a file, got 'gone.yaml', which 'own.yaml' is like"),
    ],
)
def test_recipes_that_cannot_be_are_refused(tmp_path, more, said):
    keys = {line.split(":")[0] for line in more.splitlines()}
    path = tmp_path / "own.yaml"
    kept = [line for line in LINES.splitlines() if line.split(":")[0] not in keys]
    path.write_text("\n".join(kept) + "\n" + more)
    with pytest.raises(ValueError, match=said):
        recipe.read(path)


def test_a_decoder_is_a_language_models(tmp_path):
    other = (RECIPES.parents[1] / "edgebert" / "recipes" / "teacher-sst2.yaml").read_text()
    (tmp_path / "own.yaml").write_text(other + "density: {decoder: {density: 0.5}}\n")
    with pytest.raises(ValueError, match="admm, sweep and the density of a decoder are for a language phase"):
        recipe.read(tmp_path / "own.yaml")


def test_a_start_must_fit(runs, tmp_path):
    (tmp_path / "lm-dense").symlink_to(runs / "lm-dense")
    path = written(tmp_path, "causal: false\n")
    path.write_text(path.read_text().replace("start: new", "start: lm-dense"))
    with pytest.raises(ValueError, match=r"start must have \(words, window, causal\) .*, 'lm-dense' has "):
        train.run(path, tmp_path, smoke=True, device="cpu")
