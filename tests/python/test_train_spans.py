"""Attention spans while they are learnt: what they compute, how heads go off, what files hold."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from siliconbert import models, train  # noqa: E402
from siliconbert.reference import transformer as twin  # noqa: E402
from siliconbert.train import export, network, recipe  # noqa: E402
from siliconbert.train.spans import Learner, SpanPlan, Spans  # noqa: E402

RECIPES = Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes"
IDS = torch.randint(0, 40, (3, 50), generator=torch.Generator().manual_seed(3))
TYPES = torch.zeros_like(IDS)


def tiny(kind="albert", values=None, **settings):
    """A network of three layers and four heads whose layers do much."""
    torch.manual_seed(1)
    sizes = {"width": 16, "heads": 4, "ffn": 32, "embedding": 16 if kind == "bert" else 8}
    net = network.Network(network.Shape(kind, 3, vocab=40, positions=60, **sizes))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    if values is not None:
        net.spans = Spans(models.Spans(values, **settings))
    return net


def hidden(net):
    """Its last layer."""
    with torch.no_grad():
        return net.hidden(IDS, TYPES, torch.float32)[-1]


@pytest.mark.parametrize("variant", models.spans.VARIANTS)
def test_open_windows_change_nothing(variant):
    net = tiny(values=[[128.0] * 4], variant=variant)
    assert torch.allclose(hidden(net), hidden(tiny()), atol=1e-5)


def test_a_head_that_is_off_adds_nothing_and_learns_nothing():
    net, twin = tiny("bert", values=[[128, 0, 128, 128], [0] * 4, [128] * 4]), tiny("bert")
    with torch.no_grad():
        twin.layers[0].output.weight[:, 4:8] = 0.0
        twin.layers[1].output.weight.zero_()
    assert torch.allclose(hidden(net), hidden(twin), atol=1e-5)
    net.hidden(IDS, TYPES, torch.float32)[-1].square().sum().backward()
    learnt = net.layers[0].query.weight.grad.abs().sum(1) > 0
    assert learnt.tolist() == [True] * 4 + [False] * 4 + [True] * 8


def test_the_window_is_the_definition():
    spans = Spans(models.Spans([[0, 2, 7.5]], ramp=4))
    d = np.abs(np.subtract.outer(np.arange(20), np.arange(20)))
    wanted = [np.clip((4 + z - d) / 4, 0, 1) for z in (2, 7.5)]
    assert np.allclose(spans.windows(0, 20).detach().numpy(), wanted, atol=1e-6)
    public = Spans(models.Spans([[40]], ramp=256, variant="edgebert-public")).windows(0, 128).detach()
    assert np.allclose(public.numpy().ravel(), np.clip((np.arange(128) - 127 + 40) / 256 + 1, 0, 1))


@pytest.mark.parametrize("kind", ["albert", "bert"])
@pytest.mark.parametrize("settings", [{"ramp": 8}, {"ramp": 60, "variant": "edgebert-public"}])
@pytest.mark.parametrize("renormalise", [True, False])
def test_exits_are_those_of_the_definition_for_the_saved_model(tmp_path, kind, settings, renormalise):
    values = [[0, 3.25, 20, 0.5], [7, 0, 0, 60], [0, 0, 0, 0]][: 1 if kind == "albert" else 3]
    net = tiny(kind, values, renormalise=renormalise, **settings)
    (tmp_path / "t.json").write_text("{}")
    export.save(net, tmp_path / "m", {}, tmp_path / "t.json")
    model = models.load(tmp_path / "m")
    assert model.spans == net.spans.record()
    with torch.no_grad():
        ours = torch.stack(net.logits(net.hidden(IDS, TYPES, torch.float32)), 1).numpy()
    tensors = {name: values.astype(np.float64) for name, values in model.tensors.items()}
    theirs = [
        twin.trace(model.shape.engine(), tensors, ids, spans=model.spans.plain()) for ids in IDS.numpy()
    ]
    assert np.abs(ours - np.array(theirs)).max() < 1e-4 * np.abs(theirs).max()


def test_freezing_changes_only_the_rounding_to_whole_tokens():
    net = tiny()
    learner = Learner(net, SpanPlan(fade=8.0))
    with torch.no_grad():
        learner.spans.values.copy_(torch.tensor([[0.0, 3.0, 6.0, 40.0]]))
    before = hidden(net)
    learner.settle(5, 10)
    assert learner.spans.values.requires_grad
    learner.settle(7, 10)
    assert not learner.spans.values.requires_grad
    assert torch.allclose(hidden(net), before, atol=1e-5)
    learner.settle(8, 10)
    assert torch.allclose(hidden(net), before, atol=1e-5)
    assert learner.spans.record() == models.Spans([[0, 3, 6, 40]])


def test_the_step_to_off_is_small_and_heads_stay_off():
    net = tiny()
    learner = Learner(net, SpanPlan(start=0.1, coefficient=1.0, lr=0.2))
    optimizer = torch.optim.Adam([learner.spans.values], lr=0.2)
    near, jumps = hidden(net), []
    for _ in range(3):
        loss = net.hidden(IDS, TYPES, torch.float32)[-1].square().mean() + learner.penalty()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        learner.settle(0, 10)
        jumps.append(float((hidden(net) - near).abs().max()))
    assert learner.spans.record().heads_off == 4 and jumps[0] == jumps[-1] < 0.02
    assert learner.summary() == " span 0.0 off 4/4"


def test_the_penalty_grows_until_enough_heads_are_off():
    learner = Learner(tiny(), SpanPlan(start=20.0, coefficient=0.5, heads_off=0.5, fade=8.0))
    assert learner.penalty().item() == 10.0
    learner.settle(1, 100)
    assert float(learner.spans.pressure) == 1.0
    with torch.no_grad():
        learner.spans.values.fill_(10.0)
    for step in range(10):
        learner.settle(step, 100)
    assert learner.penalty().item() == pytest.approx(10.0)  # twice 0.5 * 10
    with torch.no_grad():
        learner.spans.values[0, :2] = 0.0
    learner.settle(11, 100)
    assert learner.penalty().item() == 0.5 * 5.0


def test_heads_with_the_smallest_spans_go_off_where_too_few_did():
    learner = Learner(tiny(), SpanPlan(heads_off=0.75))
    with torch.no_grad():
        learner.spans.values.copy_(torch.tensor([[9.0, 0.2, 12.0, 4.0]]))
    learner.freeze()
    assert learner.spans.record() == models.Spans([[0, 0, 12, 0]])


def test_weights_of_heads_that_are_off_become_zero_and_nothing_else_changes():
    net = tiny("bert", values=[[0, 128, 0, 128], [128] * 4, [0] * 4])
    learner = Learner(net, SpanPlan(zero_off=True, fade=1.0))
    before, rows = hidden(net), [False] * 4 + [True] * 4 + [False] * 4 + [True] * 4
    learner.settle(1, 10)
    assert torch.equal(hidden(net), before)
    first, _, last = net.layers
    for product in (first.query, first.key, first.value):
        assert product.weight.any(1).tolist() == product.bias.bool().tolist() == rows
    assert first.output.weight.any(0).tolist() == rows and first.output.bias.all()
    assert not last.output.weight.any() and net.layers[1].output.weight.all()


def test_a_task_learns_spans_that_the_model_file_and_the_next_phase_keep(tmp_path):
    def run(base, **keys):
        raw = yaml.safe_load((RECIPES / f"{base}.yaml").read_text()) | {"teacher": None, "pairs": []} | keys
        (tmp_path / "r.yaml").write_text(yaml.safe_dump(raw))
        return train.run(tmp_path / "r.yaml", tmp_path, smoke=True)

    plan = {"start": 3.0, "coefficient": 1.0, "lr": 0.7, "fade": 2.0, "ramp": 5.0}
    first = run("teacher-sst2", name="a", spans=plan)
    spans = models.Spans.from_plain(json.loads((first / "config.json").read_text())["attention_spans"])
    assert spans.ramp == 5 and np.array_equal(spans.values, spans.values.round()) and spans.mean < 3
    assert f" span {spans.mean:.1f} off {spans.heads_off}/8" in (tmp_path / "a" / "log.txt").read_text()
    assert export.load(first).spans.record() == spans
    second = export.load(run("minilm-sst2-ramps", name="b", start="a"))
    assert second.spans.record() == spans and not second.spans.values.requires_grad


def test_plans_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"spans need start in \(0, 128\], lr > 0, got"):
        SpanPlan(start=200.0, lr=0.0)
    with pytest.raises(ValueError, match="variant must be one of window"):
        SpanPlan(variant="door")
    path = tmp_path / "bad.yaml"
    for base, plan, said in (
        ("teacher-sst2", "{begin: 3}", "spans must be settings of a SpanPlan"),
        ("edgebert-mini-sst2-ramps", "{start: 3}", "spans is for a task phase, got ramps"),
    ):
        path.write_text((RECIPES / f"{base}.yaml").read_text() + f"spans: {plan}\n")
        with pytest.raises(ValueError, match=said):
            recipe.read(path)
