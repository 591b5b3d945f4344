"""Models whose tensors stay in their file: the same answers, little memory, changed files refused."""

import os
import pickle
import subprocess
import sys
import warnings
from functools import partial

import numpy as np
import pytest

from siliconbert import faults, models
from siliconbert.data import Data
from siliconbert.models import tensors

SENTENCES = ["a fine film", "well, it is what it is", "dull"]
NAME = "edgebert-mini/sst2"


@pytest.fixture
def large(monkeypatch):
    """Every model counts as large."""
    monkeypatch.setattr(tensors, "LARGE", 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("large") / "model"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models.load(NAME).save_huggingface(made)
    return made


def test_a_model_in_its_file_is_the_model_in_memory(folder, large, monkeypatch, tmp_path):
    for source in (folder, NAME):
        lazy = models.load(source)
        assert isinstance(lazy.tensors, tensors.ReadWhenAsked)
        monkeypatch.setattr(tensors, "LARGE", 1 << 40)
        held = models.load(source)
        assert isinstance(held.tensors, dict) and list(held.tensors) == list(lazy.tensors)
        assert repr(held) == repr(lazy) and held.matrices() == lazy.matrices()
        assert held.fingerprint == lazy.fingerprint == pickle.loads(pickle.dumps(lazy)).fingerprint
        np.testing.assert_array_equal(held.trace(SENTENCES).logits, lazy.trace(SENTENCES).logits)
        for model, name in ((held, "held"), (lazy, "lazy")):
            model.save(tmp_path / f"{name}.safetensors")
        assert (tmp_path / "held.safetensors").read_bytes() == (tmp_path / "lazy.safetensors").read_bytes()
        monkeypatch.setattr(tensors, "LARGE", 0)


@pytest.mark.parametrize("matrix", ["embeddings.word", "layers.0.query.weight"])
def test_campaigns_on_a_model_in_its_file_are_those_in_memory(matrix, large, monkeypatch):
    lazy = models.load(NAME).store(matrix, cells={"*": "rram-mlc3"})
    monkeypatch.setattr(tensors, "LARGE", 1 << 40)
    held = models.load(NAME).store(matrix, cells={"*": "rram-mlc3"})
    fault = faults.BitFlip(count=40, regions="values")
    data = Data("t", "dev", SENTENCES, np.array([1, 0, 0]), ("no", "yes"), "made up")
    traces = []
    for stored in (lazy, held):
        bad, _ = faults.inject(stored, fault, seed=3, trial=1)
        trials = stored.trials(fault, data, seed=3, trials=range(4), threads=2)
        traces.append([bad.trace(SENTENCES).logits, trials.bits, trials.rerun, trials.events])
    for a, b in zip(*traces, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_last_tensor_is_not_read_again():
    reads = []

    def read(name):
        reads.append(name)
        return np.zeros(3, np.float32)

    readers = {name: lambda name=name: read(name) for name in "ab"}
    made = tensors.ReadWhenAsked(readers, dict.fromkeys(readers, (3,)))
    assert made["a"] is made["a"] and made["b"] is not made["a"]
    assert reads == ["a", "b", "a"] and "c" not in made and list(made) == ["a", "b"]


def test_a_file_that_changed_is_refused(folder, large):
    model = models.load(folder)
    path = folder / "model.safetensors"
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    with pytest.raises(ValueError, match=r"model.safetensors: the file must stay as it is while a model"):
        model.trace(SENTENCES)


BERT_LARGE = """
import sys
import numpy as np
from siliconbert.models import Model, Shape
shape = Shape("bert", 30522, 512, 2, 1024, 1024, 16, 4096, 24, 24, 2)
draws = np.random.default_rng(1)
sizes = shape.tensors(ramps=False)
weights = {name: draws.standard_normal(size, np.float32) * np.float32(0.03) for name, size in sizes.items()}
Model("large", shape, weights).save_huggingface(sys.argv[1])
"""
# VmHWM, not getrusage: that counts the process before exec, too, which is all of pytest.
USE = """
import sys
from pathlib import Path
from siliconbert import models
trace = models.load(sys.argv[1]).trace([list(range(1000, 1128))] * 16, threads=2)
print(int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 2**20)
"""


@pytest.mark.long
def test_bert_large_takes_less_than_two_gibibytes(tmp_path):
    run = partial(subprocess.run, check=True, capture_output=True, text=True)
    run([sys.executable, "-c", BERT_LARGE, tmp_path / "model"])
    peak = float(run([sys.executable, "-c", USE, tmp_path / "model"]).stdout)
    print(f"fp32, 24 layers of width 1024: {peak:.2f} GiB at most")
    assert peak < 2.0  # the weights alone are 1.25, and 0.12 of them, the word table, twice
