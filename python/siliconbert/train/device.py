"""Where a phase computes: the processor, or a GPU that PyTorch sees."""

from __future__ import annotations

import platform

import torch

AUTO = "auto"


def chosen(name: str = AUTO) -> torch.device:
    """The device `name`: cpu, cuda or cuda:N; auto is a GPU where there is one.

    >>> chosen("cpu")
    device(type='cpu')

    errors : ValueError for another name, or for a GPU that PyTorch does not see
    """
    if name == AUTO:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()):
        raise ValueError(f"train: device must be {AUTO}, cpu, cuda or cuda:N, got '{name}'")
    if kind == "cuda" and int(number or 0) >= (seen := torch.cuda.device_count()):
        raise ValueError(f"train: device {name} is not there, PyTorch {torch.__version__} sees {seen} GPUs")
    return torch.device(name)


def words(device: torch.device) -> str:
    """The device as logs and cards name it."""
    if device.type == "cuda":
        name: str = torch.cuda.get_device_name(device)
        return name
    return f"{platform.machine()} processor, {torch.get_num_threads()} threads"
