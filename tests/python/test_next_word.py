"""Cross-entropy by rows: the same loss and gradients as PyTorch's over all logits at once."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from siliconbert.train import next_word  # noqa: E402


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("places", [1, 7, 40])
def test_loss_and_gradients_are_those_of_all_logits_at_once(places, smoothing, monkeypatch):
    monkeypatch.setattr(next_word, "ROWS", 7)
    torch.manual_seed(1)
    given = [torch.randn(*shape) for shape in ((places, 5), (11, 5), (11,))]
    wanted = torch.randint(11, (places,))
    found = []
    for by_rows in (True, False):
        states, weight, bias = leaves = [x.clone().requires_grad_() for x in given]
        if by_rows:
            loss = next_word.cross_entropy(states, weight, bias, wanted, smoothing)
        else:
            logits = torch.nn.functional.linear(states, weight, bias)
            loss = torch.nn.functional.cross_entropy(logits, wanted, label_smoothing=smoothing)
        (3 * loss).backward()
        found.append([loss.detach(), *(x.grad for x in leaves)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_bfloat16_stays_near_float32():
    torch.manual_seed(2)
    states, weight, bias = torch.randn(20, 8), torch.randn(30, 8), torch.randn(30)
    wanted = torch.randint(30, (20,))
    exact = next_word.cross_entropy(states, weight, bias, wanted)
    rounded = next_word.cross_entropy(states.bfloat16(), weight.bfloat16(), bias.bfloat16(), wanted)
    assert rounded.dtype == torch.float32
    assert abs(rounded - exact) < 0.02 * exact
