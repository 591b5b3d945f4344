"""Agreement of attention distributions: the divergence itself, heads that are off, recipes that use it."""

from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from siliconbert import models, train  # noqa: E402
from siliconbert.train import attention, network, recipe  # noqa: E402
from siliconbert.train.spans import Spans  # noqa: E402

RECIPES = Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes"
IDS = torch.randint(0, 40, (3, 9), generator=torch.Generator().manual_seed(3))


def tiny(seed, values=None, heads=4):
    torch.manual_seed(seed)
    net = network.Network(
        network.Shape("bert", 2, width=16, heads=heads, ffn=32, embedding=16, vocab=40, positions=16)
    )
    net.spans = None if values is None else Spans(models.Spans(values, ramp=4))
    return net


def looked(net):
    with torch.no_grad(), attention.Watch(net) as found:
        net.hidden(IDS, torch.zeros_like(IDS), torch.float32)
    assert net.tap is network.untouched
    return found


def between(student, teacher, pairs):
    on = [(attention.heads_on(student, s), attention.heads_on(teacher, t)) for s, t in pairs]
    return float(attention.loss(looked(student), looked(teacher), pairs, on))


def test_the_loss_is_the_divergence_over_pairs_heads_and_queries():
    a, b = tiny(1), tiny(2)
    q, p = looked(b)[1].double().numpy(), looked(a)[2].double().numpy()
    assert p.shape == (3, 4, 9, 9) and np.allclose(p.sum(-1), 1, atol=1e-6)
    assert between(a, b, [(0, 0), (2, 1)]) == pytest.approx((q * np.log(q / p)).sum(-1).mean(), rel=1e-4)
    assert between(a, a, [(1, 1), (2, 2)]) == pytest.approx(0, abs=1e-6)


def test_only_heads_that_are_on_in_both_count():
    a = tiny(1, values=[[0, 128, 0, 128], [0] * 4])
    b = tiny(2, values=[[128, 128, 0, 0], [128] * 4])
    q, p = looked(tiny(2))[1].double().numpy()[:, 1], looked(tiny(1))[1].double().numpy()[:, 1]
    assert between(a, b, [(1, 1)]) == pytest.approx((q * np.log(q / p)).sum(-1).mean(), rel=1e-4)
    assert between(a, b, [(2, 2)]) == 0


def test_keys_outside_a_window_leave_the_loss_finite():
    assert 0 < between(tiny(1, values=[[1.0] * 4] * 2), tiny(2), [(1, 1), (2, 2)]) < 14


def test_networks_with_other_heads_are_refused():
    with pytest.raises(ValueError, match="as many heads, got 4 heads, 2 of the teacher"):
        attention.agree(tiny(1), tiny(2, heads=2), [(1, 1)])
    with pytest.raises(ValueError, match=r"pairs of layers from 1 on .* pairs \[\(0, 0\)\]"):
        attention.agree(tiny(1), tiny(2), [(0, 0)])


def test_a_task_learns_from_its_teachers_attention(tmp_path):
    raw = yaml.safe_load((RECIPES / "teacher-sst2.yaml").read_text()) | {"teacher": None, "pairs": []}
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump(raw))
    train.run(path, tmp_path, smoke=True)
    path.write_text(
        yaml.safe_dump(
            raw | {"name": "s", "teacher": "teacher-sst2", "attention_share": 0.5, "pairs": [[1, 1]]}
        )
    )
    train.run(path, tmp_path, smoke=True)
    path.write_text(yaml.safe_dump(raw | {"attention_share": 0.5}))
    with pytest.raises(ValueError, match="attention_share is for a task phase with a teacher and pairs"):
        recipe.read(path)
