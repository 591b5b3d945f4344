"""Training: schedules, batches, names, quantization, and a tiny chain of all phases."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from safetensors.numpy import load_file  # noqa: E402

from siliconbert import models, train  # noqa: E402
from siliconbert.train import (  # noqa: E402
    batches,
    export,
    network,
    pruning,
    quantize,
    recipe,
    sinks,
)

RECIPES = Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes"
TEACHERS = ["teacher-sst2", "teacher-sst2-seed2", "teacher-sst2-seed3"]
CHAIN = [
    "edgebert-mini-general",
    "edgebert-mini-general-2",
    "edgebert-mini-shared",
    "edgebert-mini-sst2",
    "edgebert-mini-sst2-ramps",
]


def tiny(kind):
    torch.manual_seed(1)
    return network.Network(
        network.Shape(
            kind, 3, width=16, heads=2, ffn=32, embedding=16 if kind == "bert" else 8, vocab=40, positions=16
        )
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The whole chain, smoke-sized."""
    out = tmp_path_factory.mktemp("runs")
    for name in TEACHERS + CHAIN:
        train.run(RECIPES / f"{name}.yaml", out, smoke=True)
    return out


def test_every_recipe_reads_and_the_plan_respects_what_they_need():
    order = [p.recipe.name for p in train.plan(RECIPES)]
    assert sorted(order) == sorted(p.stem for p in RECIPES.glob("*.yaml"))
    for r in (p.recipe for p in train.plan(RECIPES)):
        for needed in {r.start, r.teacher, *r.panel} - {"package", "svd", None}:
            assert order.index(needed) < order.index(r.name)


def test_the_chain_writes_models_with_pruned_zeros_ramps_and_a_card(runs):
    folder = runs / CHAIN[-1] / "model"
    assert {p.name for p in folder.iterdir()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "card.json",
    }
    tensors = load_file(folder / "model.safetensors")
    assert np.mean(tensors["albert.embeddings.word_embeddings.weight"] != 0) == pytest.approx(0.4, abs=0.01)
    layer = "albert.encoder.albert_layer_groups.0.albert_layers.0."
    for product in ("attention.query", "attention.dense", "ffn", "ffn_output"):
        assert np.mean(tensors[f"{layer}{product}.weight"] != 0) == pytest.approx(0.5, abs=0.01)
    assert (
        all(f"ramps.{i}.classifier.weight" in tensors for i in (1, 2, 3))
        and "ramps.4.classifier.weight" not in tensors
    )
    card = json.loads((folder / "card.json").read_text())
    assert [s["recipe"]["name"] for s in card["stages"]] == CHAIN
    assert len(card["dev_per_exit_adaptivfloat8"]["accuracy"]) == 4


def variant(path, base, **keys):
    """A recipe like `base` with other settings."""
    raw = yaml.safe_load((RECIPES / f"{base}.yaml").read_text()) | keys
    path.write_text(yaml.safe_dump(raw))
    return path


def test_tasks_share_the_table_that_the_general_phase_pruned(runs, tmp_path):
    table = "albert.embeddings.word_embeddings.weight"
    word = {"word": {"density": 0.4, "begin": 0.0, "end": 0.3}}
    general = variant(
        tmp_path / "g.yaml",
        "edgebert-mini-general",
        name="pruned",
        start="edgebert-mini-general",
        density=word,
    )
    train.run(general, runs, smoke=True)
    shared = load_file(runs / "pruned" / "model" / "model.safetensors")
    assert np.mean(shared[table] != 0) == pytest.approx(0.4, abs=0.001)
    task = {"name": "first", "start": "pruned", "frozen_embeddings": True}
    encoder = {"encoder": {"density": 0.5}}
    train.run(variant(tmp_path / "t.yaml", "edgebert-mini-sst2", density=encoder, **task), runs, smoke=True)
    ours = load_file(runs / "first" / "model" / "model.safetensors")
    same = {name for name in ours if np.array_equal(ours[name], shared[name])}
    tables = {name for name in ours if name.startswith("albert.embeddings.")}
    assert len(tables) == 5 and {name for name in same if not name.startswith("ramps.")} == tables


def test_stage_two_leaves_the_backbone_and_the_main_classifier(runs):
    before, after = (load_file(runs / name / "model" / "model.safetensors") for name in CHAIN[-2:])
    moved = {name.split(".")[0] for name in before if not np.array_equal(before[name], after[name])}
    assert moved == {"ramps"}


def test_linear_ramps_replace_the_others_and_models_hold_them(runs, tmp_path):
    path = variant(tmp_path / "l.yaml", "edgebert-mini-sst2-ramps", name="linear", kind="linear")
    folder = train.run(path, runs, smoke=True)
    model = replace(models.load(folder), vocabulary=None)  # token ids only
    assert model.ramps and model.linear_ramps and "main.pooler.weight" in model.tensors
    net = export.load(folder)
    ids = torch.randint(5, 20, (2, 7), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        states = net.hidden(ids, torch.zeros_like(ids), torch.float32)
        ours = torch.stack(net.logits(states), 1).numpy()
    assert np.allclose(model.trace([row.tolist() for row in ids]).logits, ours, atol=1e-5)


def test_a_finished_run_resumes_at_its_end(runs):
    state = torch.load(runs / "teacher-sst2" / "state.pt", weights_only=True)
    train.run(RECIPES / "teacher-sst2.yaml", runs, smoke=True)
    again = torch.load(runs / "teacher-sst2" / "state.pt", weights_only=True)
    assert again["step"] == state["step"]
    assert all(torch.equal(again["weights"][k], v) for k, v in state["weights"].items())


def test_bad_recipes_are_refused(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("name: x\nspeed: 3\n")
    with pytest.raises(ValueError, match=r"bad.yaml: unknown or missing keys: .*speed"):
        recipe.read(path)
    good = (RECIPES / "teacher-sst2.yaml").read_text()
    path.write_text(good.replace("phase: task", "phase: dance"))
    with pytest.raises(ValueError, match="phase must be one of general, task, ramps, language; got 'dance'"):
        recipe.read(path)
    path.write_text(good.replace("start: package", "start: nothing"))
    with pytest.raises(ValueError, match="needs the model of 'nothing', which has not run"):
        train.run(path, tmp_path, smoke=True)


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    path = tmp_path / "wild.yaml"
    path.write_text((RECIPES / "teacher-sst2.yaml").read_text().replace("lr: 6.0e-5", "lr: .inf"))
    with pytest.raises(FloatingPointError, match="the last good checkpoint is kept"):
        train.run(path, tmp_path, smoke=True)


@pytest.mark.parametrize("kind", ["bert", "albert"])
def test_saved_networks_load_with_the_same_values(tmp_path, kind):
    net = tiny(kind)
    (tmp_path / "t.json").write_text("{}")
    export.save(net, tmp_path / "m", {}, tmp_path / "t.json")
    again = export.load(tmp_path / "m")
    assert all(torch.equal(again.state_dict()[k], v) for k, v in net.state_dict().items())


def test_sink_neurons_are_found_and_silenced():
    net = tiny("bert")
    with torch.no_grad():
        net.layers[1].up.bias[5] = 20.0
        net.layers[1].down.weight[:, 5] = 3.0
    ids = [np.array([2, 7, 3], np.int32)] * 20
    texts = batches.Texts(ids, [np.zeros(3, np.int32)] * 20)
    assert sinks.close(net, texts, limit=10.0) == [(2, 5)]
    assert not net.layers[1].down.weight[:, 5].any() and sinks.find(net, texts, 10.0) == []


def test_batches_hold_every_sentence_once_and_one_length():
    lengths = np.random.default_rng(0).integers(3, 30, 500)
    plan = batches.plan(lengths, 100, seed=3)
    assert sorted(np.concatenate(plan).tolist()) == list(range(500))
    assert all(len(set(lengths[b])) == 1 and lengths[b].sum() <= 100 for b in plan)
    assert [b.tolist() for b in plan] == [b.tolist() for b in batches.plan(lengths, 100, seed=3)]


def test_masks_keep_the_largest_follow_the_cubic_and_stay():
    net = tiny("bert")
    schedule = pruning.Schedule(0.5, 0.1, 0.6)
    assert [schedule.at(x) for x in (0.0, 0.1, 0.6, 1.0)] == [1.0, 1.0, 0.5, 0.5]
    assert schedule.at(0.35) == pytest.approx(0.5 + 0.5 * 0.5**3)
    pruner = pruning.Pruner(net, {"encoder": schedule, "word": pruning.Schedule(0.4, 0.0, 0.0)})
    assert float((net.word != 0).float().mean()) == pytest.approx(0.4, abs=1e-3)
    pruner.update(0.7)
    mask, weight = pruner.masks["0.up"], net.layers[0].up.weight
    assert weight[mask].abs().min() >= weight[~mask].abs().max() and int(mask.sum()) == mask.numel() // 2
    with torch.no_grad():
        weight.mul_(torch.where(mask, 0.01, 1.0))
    pruner.update(0.9)
    assert torch.equal(mask, pruner.masks["0.up"])
    assert pruner.densities()["encoder"] == pytest.approx(0.5, abs=1e-3)
    with pytest.raises(ValueError, match=r"density must be given for encoder or .*, got 'pooler'"):
        pruning.Pruner(net, {"pooler": schedule})


def test_an_encoder_cut_at_once_keeps_its_zeros_in_use():
    net = tiny("bert")
    pruner = pruning.Pruner(net, {"encoder": pruning.Schedule(0.5, 0.0, 0.0)})
    weight = net.layers[0].up.weight
    with torch.no_grad():
        weight.add_(1.0)  # what an optimizer step would do to the zeros
    assert float((pruner.apply(weight) != 0).float().mean()) == pytest.approx(0.5, abs=1e-3)


def test_fake_quantization_knows_all_adaptivfloat8_values():
    """2^e (1 + m/8) with e = -15..0 for a largest magnitude of 1; the smallest has m = 1."""
    values = sorted({2.0**e * (1 + m / 8) for e in range(-15, 1) for m in range(8)} - {2.0**-15})
    x = torch.tensor(values)
    assert torch.equal(quantize.adaptivfloat(x, torch.tensor(1.0)), x)
    middle = (x[1:].double() + x[:-1].double()) / 2
    even = torch.where(torch.arange(len(x) - 1) % 2 == 0, x[1:], x[:-1])  # values[0] has an odd mantissa
    assert torch.equal(quantize.adaptivfloat(-middle.float(), torch.tensor(1.9)), -even)
    least = values[0]
    edge = torch.tensor([0.0, least / 2, least * 0.51, 5.0])
    assert quantize.adaptivfloat(edge, torch.tensor(1.0)).tolist() == [0.0, 0.0, pytest.approx(least), 1.875]


@pytest.mark.long
@pytest.mark.parametrize("folder", [RECIPES, RECIPES / "albert-base"], ids=lambda folder: folder.name)
def test_smoke_repeats_every_committed_recipe_in_two_minutes(tmp_path, folder):
    command = [sys.executable, "-m", "siliconbert.cli", "train", str(folder), "--all", "--smoke"]
    before = os.times()
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True)
    after = os.times()
    assert done.returncode == 0, done.stderr
    names = [path.stem for path in folder.glob("*.yaml")]
    assert all((tmp_path / name / "model" / "model.safetensors").is_file() for name in names)
    # Time of the processor, not of the clock: another program may have most of it.
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent < 120
