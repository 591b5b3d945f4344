"""The same answers, as fast, beside the other users of OpenMP in a process, whichever comes first."""

import json
import subprocess
import sys
from functools import cache

import pytest

for package in ("torch", "transformers", "sklearn"):
    pytest.importorskip(package, reason=f"needs {package}")

# Each of the three brings an OpenMP library of its own; products of torch and ours take turns.
SCRIPT = """
import hashlib, json, sys, time

def others():
    import sklearn.linear_model, torch, transformers
    torch.set_num_threads(2)
    return torch

order, repeats = sys.argv[1], int(sys.argv[2])
torch = others() if order == "before" else None
import numpy as np
import siliconbert as sb
model = sb.models.load("edgebert-mini/sst2")
torch = others() if order == "after" else torch
random = np.random.default_rng(0)
sentences = [random.integers(5, 1000, length).tolist() for length in random.integers(10, 60, 60)]
square = None if torch is None else torch.randn(512, 512)
seconds = []
for _ in range(repeats):
    if torch is not None:
        square @ square
    start = time.perf_counter()
    trace = model.trace(sentences, threads=2)
    seconds.append(time.perf_counter() - start)
print(json.dumps([hashlib.sha256(trace.logits.tobytes()).hexdigest(), sorted(seconds)[repeats // 2]]))
"""


@cache
def run(order, repeats):
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, order, str(repeats)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("order", ["before", "after"])
def test_the_same_answers_with_pytorch_imported_before_or_after(order):
    assert run(order, 1)[0] == run("alone", 1)[0]


@pytest.mark.long
def test_threads_do_not_fight():
    alone = run("alone", 15)[1]
    for order in ("before", "after"):
        ratio = run(order, 15)[1] / alone
        print(
            f"a trace with PyTorch, transformers and scikit-learn imported {order}: {ratio:.2f} times as long"
        )
        # Two pools that fight take several times as long; a busy machine less.
        assert ratio < 1.8
