"""Somebody else's modules in our formats and memory: the core's codes and faults, and nothing left behind."""

import copy
import doctest
import subprocess
import sys

import numpy as np
import pytest

import siliconbert as sb

torch = pytest.importorskip("torch", reason="needs PyTorch")
nn = torch.nn
FAULT = sb.faults.CellMisread()
MLC3 = {"values": "rram-mlc3", "*": "rram-slc"}


class Cnn(nn.Module):
    """Convolutions, a norm with buffers, and a weight that two layers share."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 16, 3, groups=2)
        self.into = nn.Linear(16, 16, bias=False)
        self.again = nn.Linear(16, 16, bias=False)
        self.again.weight = self.into.weight
        self.out = nn.Linear(16, 5)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x)))
        x = torch.relu(self.second(x)).mean((2, 3))
        return self.out(self.again(torch.relu(self.into(x))))


@pytest.fixture
def cnn():
    torch.manual_seed(1)
    return Cnn().eval()


@pytest.fixture
def images():
    return torch.from_numpy(np.random.default_rng(2).normal(size=(6, 3, 12, 12)).astype(np.float32))


def gpt(seed=1):
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    torch.manual_seed(seed)
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 120, "n_positions": 40}
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes)).eval()


TOKENS = torch.from_numpy(np.random.default_rng(3).integers(0, 120, (4, 20)))


def snapshot(module):
    return {name: (value.data_ptr(), value.clone()) for name, value in module.state_dict().items()}


def assert_untouched(module, before):
    now = module.state_dict()
    assert now.keys() == before.keys()
    for name, (place, values) in before.items():
        assert now[name].data_ptr() == place, name
        assert torch.equal(now[name], values), name


def by_the_core(parameter, name, fmt, cells=MLC3, layout="dense", fault=FAULT, seed=1, trial=7):
    """What the core makes of the same array under the same name: image, faulty values, events."""
    weights = parameter.detach().numpy().reshape(len(parameter), -1)
    kept = weights != 0
    image = sb.storage.store(weights, kept, sb.formats.get(fmt), layout, cells, name=name)
    bad, events = sb.faults.inject(image, fault, seed, trial)
    return image, bad.load().reshape(parameter.shape), events


def bits_of(values):
    return np.asarray(values, np.float32).view(np.uint32)


@pytest.mark.parametrize("fmt", ["adaptivfloat8", "bf16", "int8"])
@pytest.mark.parametrize("layout", ["dense", "bitmask"])
def test_codes_and_faults_are_the_cores_on_a_cnn(cnn, fmt, layout):
    wrapped = sb.torch.wrap(cnn, fmt, storage={"layout": layout}, cells=MLC3)
    assert set(wrapped.images) == {"first.weight", "second.weight", "into.weight", "out.weight"}
    expected = {
        name: by_the_core(cnn.get_parameter(name), name, fmt, layout=layout) for name in wrapped.images
    }
    for name, (image, _, _) in expected.items():
        assert wrapped.images[name].image == image.image and wrapped.images[name].format == image.format
    before = snapshot(cnn)
    with wrapped.trial(fault=FAULT, seed=1, trial=7) as trial:
        for name, (_, bad, events) in expected.items():
            np.testing.assert_array_equal(trial.events[name], events)
            np.testing.assert_array_equal(bits_of(cnn.get_parameter(name).detach()), bits_of(bad))
        assert sum(map(len, trial.events.values())) > 0
        assert cnn.again.weight is cnn.into.weight
    assert_untouched(cnn, before)


def test_codes_and_faults_are_the_cores_on_a_gpt():
    module = gpt()
    wrapped = sb.torch.wrap(module, {"*": "adaptivfloat8"}, cells=MLC3)
    # GPT-2 reads words and answers with one and the same table.
    assert "lm_head.weight" not in wrapped.images and "transformer.wte.weight" in wrapped.images
    before = snapshot(module)
    clean = wrapped(TOKENS).logits
    for number in (0, 7):
        with wrapped.trial(FAULT, 1, number) as trial:
            for name in wrapped.images:
                _, bad, events = by_the_core(_original(before, name), name, "adaptivfloat8", trial=number)
                np.testing.assert_array_equal(trial.events[name], events)
                np.testing.assert_array_equal(bits_of(module.get_parameter(name).detach()), bits_of(bad))
            assert module.lm_head.weight is module.transformer.wte.weight
            assert not torch.equal(module(TOKENS).logits, clean)
    assert torch.equal(wrapped(TOKENS).logits, clean)
    assert_untouched(module, before)


def _original(before, name):
    return before[name][1]


def test_the_answers_are_those_of_a_module_with_the_loaded_weights(cnn, images):
    wrapped = sb.torch.wrap(cnn, "adaptivfloat8", cells=MLC3)
    twin = copy.deepcopy(cnn)
    for name in wrapped.images:
        twin.get_parameter(name).data = torch.from_numpy(
            by_the_core(cnn.get_parameter(name), name, "adaptivfloat8")[1]
        )
    with wrapped.trial(FAULT, 1, 7), torch.no_grad():
        assert torch.equal(wrapped(images), twin(images))


def test_everything_is_put_back_after_an_exception(cnn):
    before = snapshot(cnn)
    wrapped = sb.torch.wrap(cnn, "adaptivfloat8", activations="adaptivfloat8", cells=MLC3)
    with pytest.raises(ZeroDivisionError), wrapped.trial(FAULT, 1, 7):
        raise ZeroDivisionError
    assert_untouched(cnn, before)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in cnn.modules())
    with wrapped.clean():
        reference = by_the_core(_original(before, "out.weight"), "out.weight", "adaptivfloat8")[0].load()
        np.testing.assert_array_equal(cnn.out.weight.detach().numpy(), reference)


def test_one_trial_at_a_time(cnn):
    wrapped = sb.torch.wrap(cnn, "adaptivfloat8")
    with wrapped.trial(FAULT, 1, 0), pytest.raises(RuntimeError, match="another trial of this module"):
        wrapped.clean().__enter__()
    with wrapped.clean():
        pass


def test_patterns_choose_and_the_first_one_decides(cnn):
    wrapped = sb.torch.wrap(
        cnn,
        {"first.*": None, "again.*": "int8", "*": {"family": "adaptivfloat", "width": 6, "exponent_bits": 3}},
        storage={"out.*": {"layout": "bitmask", "ecc": "secded-72-64"}, "*": {"cells": {"*": "rram-mlc2"}}},
    )
    images = wrapped.images
    assert set(images) == {"second.weight", "into.weight", "out.weight"}
    assert images["into.weight"].format.family == "integer" and images["second.weight"].format.width == 6
    assert images["out.weight"].layout.name == "bitmask" and "values.check" in images["out.weight"].bits
    assert images["second.weight"].image.regions[0].map.cell == "rram-mlc2"
    vectors = sb.torch.wrap(cnn, {"*.bias": "int8"}, vectors=True)
    assert vectors.images["out.bias"].shape == (1, 5)


def test_corrected_faults_do_not_reach_the_weights(cnn):
    one = sb.faults.BitFlip(count=1, regions=["values"])
    wrapped = sb.torch.wrap(cnn, {"out.weight": "adaptivfloat8"}, storage={"ecc": "secded-72-64"})
    with wrapped.clean():
        clean = cnn.out.weight.detach().clone()
    with wrapped.trial(one, 1, 0) as trial:
        assert len(trial.events["out.weight"]) == 1
        assert torch.equal(cnn.out.weight, clean)


def test_other_precisions_and_pruned_weights(cnn):
    from torch.nn.utils import prune

    prune.random_unstructured(cnn.out, "weight", amount=0.5)
    cnn.half()
    wrapped = sb.torch.wrap(cnn, {"*.weight": "adaptivfloat8"}, storage={"layout": "bitmask"}, cells=MLC3)
    assert wrapped.images["out.weight"].kept == int(cnn.out.weight_mask.sum())
    before = snapshot(cnn)
    with wrapped.trial(FAULT, 1, 3) as trial:
        assert cnn.out.weight_orig.dtype == torch.float16
        bad, _ = sb.faults.inject(wrapped._stored["out.weight"].image, FAULT, 1, 3)
        np.testing.assert_array_equal(cnn.out.weight_orig.detach().float().numpy(), bad.load())
        assert len(trial.events["second.weight"])
    assert_untouched(cnn, before)


def test_changed_weights_are_stored_anew(cnn, images):
    wrapped = sb.torch.wrap(cnn, "adaptivfloat8", cells=MLC3)
    optimizer = torch.optim.SGD(cnn.parameters(), lr=0.1)
    with wrapped.clean():
        cnn(images).square().sum().backward()
    optimizer.step()
    image, _, _ = by_the_core(cnn.out.weight, "out.weight", "adaptivfloat8")
    assert wrapped.images["out.weight"].image == image.image
    with wrapped.trial(FAULT, 1, 0), torch.no_grad():
        cnn.out.weight.zero_()  # into the copy: it is gone afterwards
    with wrapped.clean():
        np.testing.assert_array_equal(cnn.out.weight.detach().numpy(), image.load())


def test_activations_are_rounded_by_sample(cnn, images):
    wrapped = sb.torch.wrap(cnn, {"out.weight": "adaptivfloat8"}, activations={"first": "adaptivfloat8"})
    seen = []
    cnn.norm.register_forward_hook(lambda module, args, output: seen.append(args[0]))
    with torch.no_grad():
        wrapped(images)
        plain = cnn.first(images).numpy()
    expected = [sb.formats.quantize(sample, sb.formats.get("adaptivfloat8")) for sample in plain]
    np.testing.assert_array_equal(seen[0].numpy(), np.stack(expected))


def test_calibrated_activations_have_one_format(cnn, images):
    wrapped = sb.torch.wrap(cnn, {"out.weight": "bf16"}, activations={"*": "adaptivfloat8"})
    assert set(wrapped.activations) == {"first", "norm", "second", "into", "again", "out"}
    wrapped.calibrate(images[:3])
    wrapped.calibrate(images[3:])
    largest = float(cnn.first(images).detach().abs().max())
    assert wrapped.activations["first"] == sb.formats.fit([largest], sb.formats.get("adaptivfloat8"))
    with torch.no_grad():
        whole = wrapped(images)
        parts = torch.cat([wrapped(images[:2]), wrapped(images[2:])])
    torch.testing.assert_close(whole, parts, rtol=0.1, atol=0.05)


@pytest.mark.parametrize("fmt", [None, "adaptivfloat8"])
def test_activation_flips_are_the_cores(cnn, images, fmt):
    """The same draws for (seed, place, trial, sample), whatever the batch."""
    fault = sb.faults.ActivationFlip(1e-3, "first")
    wrapped = sb.torch.wrap(cnn, {"out.weight": "bf16"}, activations=None if fmt is None else {"first": fmt})
    seen = []
    cnn.norm.register_forward_hook(lambda module, args, output: seen.append(args[0]))
    for batches in ([images], [images[:1], images[1:4], images[4:]]):
        seen.clear()
        with wrapped.trial(fault, 5, 2) as trial, torch.no_grad():
            for batch in batches:
                wrapped(batch)
        got = torch.cat(seen).numpy()
        # Batch by batch: PyTorch's own convolution rounds differently in another batch.
        plain = torch.cat([cnn.first(batch) for batch in batches]).detach().numpy()
        flips = 0
        for i, sample in enumerate(plain):
            passed = sb.formats.fit(sample, sb.formats.get(fmt)) if fmt else None
            word = (passed.width, passed.fields()) if passed else ()
            found = fault.activations.flips("first", sample.size, 5, 2, i, *word)
            words = (
                sb.formats.encode(sample, passed).ravel() if passed else sample.copy().ravel().view(np.uint32)
            )
            for element, bit in zip(found["element"], found["bit"], strict=True):
                words[element] ^= words.dtype.type(1 << int(bit))
            values = sb.formats.decode(words, passed) if passed else words.view(np.float32)
            np.testing.assert_array_equal(bits_of(got[i].ravel()), bits_of(values))
            flips += len(found)
        assert trial.flips == flips > 10


def test_activations_that_are_not_finite(cnn, images):
    """As in the core: infinity saturates, NaN stays."""
    wrapped = sb.torch.wrap(cnn, {"out.weight": "bf16"}, activations={"into": "adaptivfloat8"})
    with torch.no_grad():
        cnn.into.weight[0] = float("inf")
        cnn.into.weight[1] = float("nan")
    seen = []
    cnn.again.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    with torch.no_grad():
        wrapped(images)
    assert seen[0][:, 1].isnan().all() and not seen[0][:, 0].isinf().any() and seen[0][:, 2:].isfinite().all()


def test_gradients_pass_rounded_activations(cnn, images):
    wrapped = sb.torch.wrap(cnn, "adaptivfloat8", activations="adaptivfloat8")
    with wrapped.clean():
        cnn(images).sum().backward()
    assert all(
        parameter.grad is not None and parameter.grad.isfinite().all() for parameter in cnn.parameters()
    )


def test_activations_of_a_gpt_and_both_kinds_of_faults():
    module = gpt()
    wrapped = sb.torch.wrap(module, "adaptivfloat8", activations={"*.c_attn": "adaptivfloat8"}, cells=MLC3)
    both = sb.faults.Mixed([FAULT, sb.faults.ActivationFlip(1e-4, "transformer.h.1")])
    before = snapshot(module)
    with wrapped.trial(both, 1, 0) as trial, torch.no_grad():
        logits = module(input_ids=TOKENS).logits
        assert trial.flips and sum(map(len, trial.events.values()))
    with wrapped.trial(both, 1, 0), torch.no_grad():
        assert torch.equal(torch.nan_to_num(module(input_ids=TOKENS).logits), torch.nan_to_num(logits))
    assert_untouched(module, before)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"formats": {"third.*": "int8"}}, "formats must have patterns that match some of first.weight"),
        ({"formats": "int8", "activations": {"relu": "int8"}}, "activations must have patterns that match"),
        ({"formats": "int8", "storage": {"*": {"format": "int8"}}}, "storage must hold options among layout"),
        ({"formats": "int8", "masks": {"nobody": True}}, "masks must name stored parameters, got 'nobody'"),
        ({"formats": "int9"}, "name must be one of"),
        ({"formats": "int8", "cells": "dram"}, "name must be one of rram-mlc2"),
    ],
)
def test_wrong_calls_are_one_sentence(cnn, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        sb.torch.wrap(cnn, **arguments)
    with pytest.raises(ValueError, match=r"module must be a torch.nn.Module, got int"):
        sb.torch.wrap(3, "int8")


def test_places_that_are_none_are_refused(cnn):
    wrapped = sb.torch.wrap(cnn, "int8")
    with pytest.raises(ValueError, match="places of activation flips must be among first"):
        wrapped.trial(sb.faults.ActivationFlip(0.1, "third"), 1, 0).__enter__()


def test_the_examples_run():
    from siliconbert.torch import wrapped

    found = doctest.testmod(wrapped)
    assert found.attempted >= 4 and found.failed == 0


def test_without_pytorch_one_sentence_names_the_extra():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'torch' else find(name, *a)\n"
        "import siliconbert.torch"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert "torch missing; install the extra with: pip install 'siliconbert[train]'" in last
