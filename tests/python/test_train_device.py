"""Where training computes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'siliconbert[train]'")

from siliconbert import train  # noqa: E402
from siliconbert.train import device  # noqa: E402

RECIPE = Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes" / "teacher-sst2.yaml"
GPU = torch.cuda.is_available()


def test_auto_takes_a_gpu_where_there_is_one() -> None:
    assert device.chosen().type == ("cuda" if GPU else "cpu")
    assert device.chosen("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "CPU", ""])
def test_other_devices_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"auto, cpu, cuda or cuda:N, got '{name}'"):
        device.chosen(name)


def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"device cuda:99 is not there, PyTorch .* sees \d+ GPUs"):
        device.chosen("cuda:99")


def test_log_and_card_say_where(tmp_path: Path) -> None:
    model = train.run(RECIPE, tmp_path, smoke=True, device="cpu")
    said = (model.parent / "log.txt").read_text()
    assert re.search(r"PyTorch \S+ on \S+ processor, \d+ threads", said)
    assert "processor" in (model / "card.json").read_text()


@pytest.mark.skipif(not GPU, reason="PyTorch sees no GPU")
def test_a_gpu_learns_what_the_processor_learns(tmp_path: Path) -> None:
    runs = [train.run(RECIPE, tmp_path / where, smoke=True, device=where) for where in ("cpu", "cuda")]
    first, second = ((run.parent / "predictions_fp32.csv").read_text().splitlines() for run in runs)
    same = [a == b for a, b in zip(first, second, strict=True)]
    assert sum(same) / len(same) > 0.9
