"""Arrays and tables of other libraries, which siliconbert does not import: torch, DLPack, datasets."""

import subprocess
import sys

import numpy as np
import pytest

import siliconbert as sb

RNG = np.random.default_rng(5)
WEIGHTS = RNG.normal(size=(12, 16)).astype(np.float32)
FORMAT = sb.formats.get("adaptivfloat8")


def speaks(protocol):
    """Makes arrays of a library that nobody knows: one protocol and nothing else."""
    methods = {
        "dlpack": {
            "__dlpack__": lambda self, **options: self.values.__dlpack__(**options),
            "__dlpack_device__": lambda self: self.values.__dlpack_device__(),
        },
        "array": {"__array__": lambda self, dtype=None, copy=None: np.asarray(self.values, dtype)},
    }[protocol]
    kind = type("Foreign", (), methods)

    def make(values):
        made = kind()
        made.values = values
        return made

    return make


def torch_tensor(values):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    found = torch.from_numpy(values.copy())
    return found.requires_grad_() if values.dtype == np.float32 else found


MAKERS = {"dlpack": speaks("dlpack"), "array": speaks("array"), "torch": torch_tensor}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_stage_takes_arrays_of_others(kind):
    make = MAKERS[kind]
    fitted = sb.formats.fit(make(WEIGHTS), FORMAT)
    assert fitted == sb.formats.fit(WEIGHTS, FORMAT)
    codes = sb.formats.encode(make(WEIGHTS), fitted)
    np.testing.assert_array_equal(codes, sb.formats.encode(WEIGHTS, fitted))
    np.testing.assert_array_equal(sb.formats.decode(make(codes), fitted), sb.formats.decode(codes, fitted))
    np.testing.assert_array_equal(
        sb.formats.quantize(make(WEIGHTS), FORMAT), sb.formats.quantize(WEIGHTS, FORMAT)
    )
    mask = sb.sparsity.prune(make(WEIGHTS), sb.sparsity.Unstructured(), 0.5)
    np.testing.assert_array_equal(mask, sb.sparsity.prune(WEIGHTS, sb.sparsity.Unstructured(), 0.5))
    assert sb.sparsity.density(make(mask)) == sb.sparsity.density(mask)
    image = sb.storage.store(make(WEIGHTS), make(mask), fitted)
    assert image.image == sb.storage.store(WEIGHTS, mask, fitted).image
    layer = sb.models.BlockLinear(make(WEIGHTS), block=(4, 4))
    np.testing.assert_array_equal(layer(make(WEIGHTS)), sb.models.BlockLinear(WEIGHTS, block=(4, 4))(WEIGHTS))


@pytest.mark.parametrize("kind", MAKERS)
def test_exits_take_arrays_of_others(kind):
    make = MAKERS[kind]
    logits = RNG.normal(size=(9, 4, 3)).astype(np.float32)
    entropy = sb.exits.entropy(make(logits))
    np.testing.assert_array_equal(entropy, sb.exits.entropy(logits))
    np.testing.assert_array_equal(sb.exits.doubt(make(logits)), sb.exits.doubt(logits))
    np.testing.assert_array_equal(sb.exits.by_entropy(make(entropy), 0.9), sb.exits.by_entropy(entropy, 0.9))
    answers = logits.argmax(-1)
    np.testing.assert_array_equal(sb.exits.by_patience(make(answers), 1), sb.exits.by_patience(answers, 1))


def test_half_precision_of_torch_and_memory_that_is_not_copied():
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    from siliconbert.arrays import as_array

    halves = torch.from_numpy(WEIGHTS).bfloat16()
    np.testing.assert_array_equal(
        sb.formats.encode(halves, sb.formats.fit(halves, FORMAT)),
        sb.formats.encode(halves.float().numpy(), sb.formats.fit(halves.float().numpy(), FORMAT)),
    )
    tensor = torch.from_numpy(WEIGHTS.copy()).requires_grad_()
    assert as_array(tensor, np.float32).ctypes.data == tensor.data_ptr()


def test_siliconbert_imports_none_of_them():
    code = (
        "import sys, numpy as np, siliconbert as sb\n"
        "sb.formats.quantize(np.ones(3, np.float32), sb.formats.get('int8'))\n"
        "sb.models, sb.campaign.Rows, sb.data\n"
        "print(sorted({'torch', 'datasets', 'pandas', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
