"""A stranger's script, ten lines with types, passes mypy as strict as it gets; a wrong one does not."""

import subprocess
import sys

import pytest

pytest.importorskip("mypy", reason="needs mypy, the checker of types")

SCRIPT = """\
import numpy as np
import siliconbert as sb

weights = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
mask = sb.sparsity.prune(np.abs(weights), sb.sparsity.Unstructured(), density=0.5)
image = sb.storage.store(weights, mask, sb.formats.get("adaptivfloat8"), layout="bitmask", name="w")
faulty, events = sb.faults.inject(image, sb.faults.BitFlip(rate=1e-3), seed=1, trial=0)
changed: int = len(events)
largest: float = float(np.abs(faulty.load() - image.load()).max())
print(changed, largest, image.bits["values"])
"""


def check(folder, text):
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(folder.parent / "cache"),
        str(path),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


@pytest.mark.long  # mypy reads NumPy first
def test_a_strangers_script_is_typed(tmp_path):
    done = check(tmp_path, SCRIPT)
    assert done.returncode == 0, done.stdout
    wrong = check(tmp_path, SCRIPT.replace("seed=1", "seed='one'"))
    assert wrong.returncode == 1 and 'Argument "seed" to "inject"' in wrong.stdout


def test_the_script_runs(tmp_path):
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    changed, largest, bits = done.stdout.split()
    assert int(changed) > 0 and float(largest) > 0 and int(bits) == 64 * 64 // 2 * 8
