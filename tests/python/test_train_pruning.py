"""Pruning in training: densities and patterns of both methods, what movement learns, and resuming it."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from siliconbert import sparsity, train  # noqa: E402
from siliconbert.sparsity import NM, Block, Head, Unstructured  # noqa: E402
from siliconbert.train import loop, network, patterns, pruning, recipe  # noqa: E402

RECIPES = Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes"
PLAIN = [
    {"kind": "unstructured"},
    {"kind": "nm", "n": 2, "m": 4},
    {"kind": "block", "shape": [6, 5]},
    {"kind": "block", "shape": [4, 4], "balance": "row"},
    {"kind": "block", "shape": [4, 4], "balance": "column"},
    {"kind": "block", "shape": [2, 2], "balance": "bank", "bank": 8},
]
METHODS = pytest.mark.parametrize("method", pruning.METHODS)


def tiny():
    torch.manual_seed(1)
    return network.Network(
        network.Shape("bert", 2, width=16, heads=4, ffn=32, embedding=16, vocab=40, positions=16)
    )


def pruned(method, plain, group="encoder", density=0.5):
    """A pruner whose scores are random, before its first step."""
    schedule = pruning.Schedule(density, 0.1, 0.6, method, plain)
    pruner = pruning.Pruner(tiny(), {group: schedule})
    for scores in pruner.scores():
        torch.nn.init.normal_(scores)
    return pruner


def test_patterns_are_those_of_sparsity():
    made = [patterns.make(plain) for plain in [*PLAIN, {"kind": "head"}, {"kind": "head", "width": 4}]]
    assert made == [
        Unstructured(),
        NM(2, 4),
        Block((6, 5)),
        Block((4, 4), "row"),
        Block((4, 4), "column"),
        Block((2, 2), "bank", 8),
        Head(1),
        Head(4),
    ]


@METHODS
@pytest.mark.parametrize("plain", PLAIN, ids=str)
def test_masks_keep_the_pattern_and_its_exact_density(method, plain):
    pruner, pattern = pruned(method, plain), patterns.make(plain)
    assert all(mask.all() for mask in pruner.masks.values())
    pruner.update(0.7)
    assert len(pruner.masks) == 12
    for name, mask in pruner.masks.items():
        sparsity.check(mask.numpy(), pattern)
        given = None if plain["kind"] == "nm" else 0.5
        number = sparsity.prune(np.random.default_rng(0).random(mask.shape), pattern, given)
        units = patterns.grid(pattern, mask.shape)
        assert patterns.spread(torch.ones(units), pattern, mask.shape).shape == mask.shape
        # cut-off blocks hold fewer weights, so there the number of kept blocks decides
        assert blocks(mask, pattern) == blocks(torch.from_numpy(number), pattern), name


def blocks(mask, pattern):
    rows, columns = pattern.shape if isinstance(pattern, Block) else (1, 1)
    return int(mask[::rows, ::columns].sum())


@METHODS
def test_groups_of_m_lose_one_weight_after_the_other(method):
    pruner = pruned(method, {"kind": "nm", "n": 1, "m": 4}, density=0.25)
    kept = []
    for progress in np.linspace(0, 0.7, 50):
        pruner.update(progress)
        mask = pruner.masks["1.up"].reshape(-1, 4).sum(1)
        assert mask.min() == mask.max()
        kept.append(int(mask[0]))
    assert sorted(set(kept)) == [1, 2, 3, 4] and kept == sorted(kept, reverse=True)


@METHODS
def test_a_head_stays_or_goes_in_all_four_matrices(method):
    pruner = pruned(method, {"kind": "head"}, "attention")
    pruner.update(1.0)
    for i, layer in enumerate(pruner.network.layers):
        masks = [pruner.masks[f"{i}.{name}"] for name in ("query", "key", "value", "output")]
        heads = masks[0][::4, 0]
        assert heads.sum() == 2
        for mask, name in zip(masks, ("query", "key", "value", "output"), strict=True):
            sparsity.check(mask.numpy(), Head(4, int(name == "output")))
            assert torch.equal(
                mask.T if name == "output" else mask, heads.repeat_interleave(4)[:, None].expand(16, 16)
            )
        if method == "magnitude":
            parts = [layer.query.weight, layer.key.weight, layer.value.weight, layer.output.weight.T]
            norms = sum(w.detach().reshape(4, -1).square().sum(1) for w in parts)
            assert set(norms.topk(2).indices.tolist()) == set(heads.nonzero().flatten().tolist())


def test_scores_of_either_sign_rank_as_they_are():
    scores = torch.tensor([[-5.0, -1.0, 0.5, -9.0]])
    assert patterns.best(scores, Unstructured(), 0.5).tolist() == [[False, True, True, False]]
    assert patterns.best(scores, NM(1, 2), 0.5).tolist() == [[False, True, True, False]]
    assert patterns.best(scores, Block((3, 7), "bank", 14), 0.5).tolist() == [[False, True, True, False]]


def test_scores_learn_from_gradient_times_weight_summed_over_a_block():
    pruner = pruned("movement", {"kind": "block", "shape": [6, 5]})
    pruner.update(0.3)
    weight = pruner.network.layers[0].up.weight  # (32, 16): 6 x 4 blocks, cut off at both edges
    scores, mask = pruner.cuts[4].scores, pruner.masks["0.up"]
    gradient = torch.randn_like(weight)
    out = pruner.apply(weight)
    assert torch.equal(out, weight * mask)
    out.backward(gradient)
    assert torch.equal(weight.grad, gradient * mask)
    full = torch.zeros(36, 20)
    full[:32, :16] = gradient * weight.detach()
    assert torch.allclose(scores.grad, full.reshape(6, 6, 4, 5).sum((1, 3)), atol=1e-5)


def fitted(method):
    """Share of a linear map that is learnt: small weights matter, large ones do harm."""
    torch.manual_seed(0)
    net = tiny()
    weight = net.layers[0].up.weight
    wanted = torch.where(torch.rand(32, 16) < 0.5, -0.5, 0.5)
    wanted[:, 8:] = 0.0
    with torch.no_grad():
        weight.copy_(0.1 * wanted)
        weight[:, 8:] = 1.5
    pruner = pruning.Pruner(net, {"ffn": pruning.Schedule(0.5, 0.05, 0.3, method)})
    optimizer = torch.optim.Adam([{"params": [weight], "lr": 5e-3}, {"params": pruner.scores(), "lr": 1e-2}])
    for step in range(200):
        pruner.update(step / 200)
        x = torch.randn(64, 16)
        loss = (x @ (pruner.apply(weight) - wanted).T).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    pruner.finish()
    error = (weight.detach() - wanted).square().sum() / wanted.square().sum()
    return 1 - float(error), float((weight != 0).float().mean())


def test_movement_finds_the_weights_that_matter_where_magnitude_fails():
    learnt, density = fitted("movement")
    assert learnt > 0.95 and density == 0.5
    learnt, density = fitted("magnitude")
    assert learnt < 0.1 and density == 0.5


def test_masks_and_scores_are_final_once_the_schedule_ends():
    pruner = pruned("movement", {"kind": "unstructured"})
    pruner.update(0.61)
    before = {name: mask.clone() for name, mask in pruner.masks.items()}
    again = pruned("movement", {"kind": "unstructured"})
    again.restore(pruner.state())
    for one in (pruner, again):
        for scores in one.scores():
            assert not scores.requires_grad
            torch.nn.init.normal_(scores)
        one.update(0.9)
        assert all(torch.equal(before[name], mask) for name, mask in one.masks.items())


def moving(tmp_path):
    """A recipe whose encoder is pruned by movement, in blocks."""
    path = tmp_path / "r.yaml"
    schedule = "{density: 0.5, begin: 0.05, method: movement, pattern: {kind: block, shape: [4, 4]}}"
    path.write_text(
        (RECIPES / "teacher-sst2.yaml").read_text()
        + f"density: {{encoder: {schedule}}}\nscore_lr: 0.02\ncheckpoint_minutes: 0\n"
    )
    return path


def test_a_killed_run_resumes_with_its_scores(tmp_path, monkeypatch):
    path = moving(tmp_path)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    train.run(path, whole, smoke=True)
    real = loop.Loop._one

    def stops(self, number, batch):
        if number == 6:
            raise KeyboardInterrupt
        real(self, number, batch)

    monkeypatch.setattr(loop.Loop, "_one", stops)
    with pytest.raises(KeyboardInterrupt):
        train.run(path, killed, smoke=True)
    name = recipe.read(path).name
    half = torch.load(killed / name / "state.pt", weights_only=True)
    assert half["step"] == 5 and all(s.abs().max() > 0 for s in half["pruner"]["scores"])
    rates = [group["lr"] for group in half["optimizer"]["param_groups"]]
    assert rates[1] / rates[0] == pytest.approx(0.02 / recipe.read(path).lr)
    monkeypatch.setattr(loop.Loop, "_one", real)
    train.run(path, killed, smoke=True)
    one, two = (torch.load(out / name / "state.pt", weights_only=True) for out in (whole, killed))
    assert all(torch.equal(one["weights"][k], v) for k, v in two["weights"].items())
    assert all(map(torch.equal, one["pruner"]["scores"], two["pruner"]["scores"]))


@pytest.mark.parametrize(
    ("density", "said"),
    [
        ({"density": 0.5, "method": "hope"}, "method must be one of magnitude, movement; got 'hope'"),
        ({"density": 0.5, "end": 0.0, "method": "movement"}, "movement pruning needs an end after 0"),
        ({"density": 0.6, "pattern": PLAIN[1]}, r"density must be 0.5 with NM\(n=2, m=4\), got 0.6"),
        ({"density": 0.5, "pattern": {"kind": "spiral"}}, "pattern must have a kind of unstructured, nm"),
        ({"density": 0.5, "pattern": {"kind": "nm", "n": 2}}, r"pattern nm needs its settings \(n, m\)"),
        ({"density": 0.5, "pattern": {"kind": "nm", "k": 2}}, "pattern nm has no setting 'k'"),
    ],
)
def test_schedules_that_make_no_sense_are_refused(density, said):
    with pytest.raises(ValueError, match=said):
        pruning.Schedule(**density)


@pytest.mark.parametrize(
    ("density", "said"),
    [
        ({"word": pruning.Schedule(0.5, method="movement")}, "the word table is pruned by magnitude"),
        ({"ffn": pruning.Schedule(0.5, pattern={"kind": "head"})}, "the head pattern is for attention"),
        ({"ffn": pruning.Schedule(0.5), "encoder": pruning.Schedule(0.5)}, "not for both"),
    ],
)
def test_groups_that_do_not_fit_are_refused(density, said):
    with pytest.raises(ValueError, match=said):
        pruning.Pruner(tiny(), density)
