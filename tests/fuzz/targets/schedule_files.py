"""A user's devices and networks for the scheduler."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz import mutate
from tests.fuzz.target import Target

from siliconbert import catalog, hardware, schedule

_DEVICES = b"""[mine]
like = "u200"
source = "a floor plan"
dsp = 3420
[regions]
source = "us"
title = "two dies"
dsp = 100
ff = 2000
lut = { value = 1000, unit = "LUT" }
bram18 = 40
uram = 0
slr_dsp = [50, 50]
slr_ff = [1000, 1000]
slr_lut = [500, 500]
slr_bram18 = [20, 20]
slr_uram = [0, 0]
"""
_NETWORK = b"""title = "mine"
rows = 8
[[operators]]
name = "a"
kind = "product"
inputs = 64
outputs = 96
density = 0.5
block = [8, 8]
parallelism = [1, 2, 64, 128]
[[operators]]
name = "b"
kind = "attention"
heads = 2
head_width = 16
window = 8
after = ["a"]
[[operators]]
name = "c"
kind = "table"
parallelism = [1, 2]
latency_ms = [0.4, 0.1]
resources = { dsp = [1, 9], tiles = [2, 4] }
units = 2
[[operators]]
name = "d"
kind = "feed_forward"
width = 64
neurons = 32
[[operators]]
name = "e"
kind = "add_norm"
width = 64
[[stages]]
name = "only"
calls = { a = 1, b = 1, c = 3, d = 1, e = 2 }
"""


def _devices(data: bytes, scratch: Path) -> object:
    (scratch / "devices.toml").write_bytes(data)
    catalog._ADDED.clear()  # each input starts from the package's own devices
    return [hardware.device(name).regions for name in hardware.load_devices(scratch / "devices.toml")]


def _network(data: bytes, scratch: Path) -> object:
    (scratch / "network.toml").write_bytes(data)
    plan = schedule.allocate(scratch / "network.toml", budget={"dsp": 500}, width=256)
    return plan.explain(), plan.json(), schedule.reports.finn(plan) if plan.feasible else None


TARGETS = [
    Target("devices-toml", lambda: [_DEVICES], _devices, mutate.text),
    Target("network-toml", lambda: [_NETWORK], _network, mutate.text),
]
