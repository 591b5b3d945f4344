"""Products of codes in training: exact sums, gradients of bfloat16's precision."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from siliconbert.train import coded, codes  # noqa: E402


@pytest.mark.parametrize("by_row", [False, True])
@pytest.mark.parametrize("shape", [(1, 8), (3, 5), (2, 7, 300)])
def test_product_and_gradients_are_those_of_the_values(shape, by_row):
    torch.manual_seed(1)
    step, steps = torch.tensor(0.037), torch.rand(11) / 50 + 0.01 if by_row else torch.tensor(0.019)
    x = torch.randint(-127, 128, shape) * step
    weight = torch.randint(-127, 128, (11, shape[-1])) * (steps[:, None] if by_row else steps)
    leaves = [t.requires_grad_() for t in (x, weight, torch.randn(11))]
    given = torch.randn(*shape[:-1], 11)
    ours = coded.linear(leaves[0], step, leaves[1], steps, leaves[2])
    theirs = torch.nn.functional.linear(*(t.double() for t in leaves))
    largest = theirs.detach().abs().max().item()
    torch.testing.assert_close(ours.double(), theirs, rtol=1e-6, atol=1e-6 * largest)
    for found, exact in zip(
        torch.autograd.grad(ours, leaves, given),
        torch.autograd.grad(theirs, leaves, given.double()),
        strict=True,
    ):
        assert found.dtype == torch.float32
        assert (found - exact).norm() < 2**-7 * exact.norm()


def test_sums_are_exact_where_float32_would_round():
    codes = torch.full((1, 3000), 127.0)
    codes[0, 0] = 126.0
    sums = coded.linear(codes, torch.tensor(1.0), codes.clone(), torch.tensor(1.0), torch.zeros(1))
    assert sums.item() == torch.tensor(2999 * 127**2 + 126**2, dtype=torch.float32).item()


def test_values_of_codes_and_their_gradient_are_those_of_fake_quantization():
    torch.manual_seed(1)
    step, zero = torch.tensor(0.25), torch.zeros((), dtype=torch.int32)
    x = torch.cat([torch.randn(1000) * 2, torch.arange(-9, 9, 0.0625)])  # ties and both ends, too
    found = []
    for snap in (
        lambda x: codes.snapped(x, step, -7, 7),
        lambda x: torch.fake_quantize_per_tensor_affine(x, step, zero, -7, 7),
    ):
        leaf = x.clone().requires_grad_()
        values = snap(leaf)
        values.backward(torch.arange(float(len(x))))
        found.append((values.detach(), leaf.grad))
    inside = (x / step).abs() != 7.5  # the very end of the range counts to neither side
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1][inside], found[1][1][inside])


def test_magnitude_is_the_largest():
    assert codes.magnitude(torch.tensor([[1.0, -3.0], [2.0, 0.5]])).item() == 3
