"""`siliconbert schedule`: the parallelism of a network's operators on an FPGA under a budget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siliconbert.cli import console, names, options

if TYPE_CHECKING:
    from siliconbert.schedule import Plan

EXAMPLE = "Example: siliconbert schedule cbbp-wikitext2 --budget dsp=3368 --all-policies"


def schedule(
    network: Annotated[
        str,
        typer.Argument(
            help="A name (`siliconbert list networks`), a model's folder, or a TOML of operators.",
            autocompletion=names.of_kind("networks"),
        ),
    ],
    device: Annotated[
        str,
        typer.Option(
            "--device", help="See `siliconbert list devices`.", autocompletion=names.of_kind("devices")
        ),
    ] = "u200",
    budget: Annotated[
        list[str] | None,
        typer.Option(
            "--budget", help="RESOURCE=AMOUNT (dsp, ff, lut, bram18, uram); default: all of the device."
        ),
    ] = None,
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            help="exact, greedy_stop, greedy_freeze, greedy_stage or marginal.",
            autocompletion=names.policies,
        ),
    ] = "exact",
    objective: Annotated[
        str, typer.Option("--objective", help="sum, slowest_stage or slowest_operator.")
    ] = "sum",
    layout: Annotated[
        str, typer.Option("--layout", help="layers, reuse (one encoder unit) or independent.")
    ] = "layers",
    fixed: Annotated[
        list[str] | None, typer.Option("--fixed", help="OPERATOR=PARALLELISM that is given.")
    ] = None,
    memory: Annotated[
        str, typer.Option("--memory", help="auto, bram18, uram or none (not counted).")
    ] = "auto",
    reserve: Annotated[
        str | None, typer.Option("--reserve", help="Taken off the budget: ddr, hbm or ethernet.")
    ] = None,
    regions: Annotated[
        bool, typer.Option("--regions", help="Also place every unit on one of the chip's dies.")
    ] = False,
    arithmetic: Annotated[str, typer.Option("--arithmetic", help="fp32 or fixed16.")] = "fp32",
    clock: Annotated[
        float | None, typer.Option("--clock", help="MHz; default: the calibration's 100.")
    ] = None,
    rows: Annotated[int | None, typer.Option("--rows", min=1, help="Rows of activations at once.")] = None,
    density: Annotated[
        float | None, typer.Option("--density", help="Kept share of the blocks, 0..1.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="A gap to the optimum that is good enough, 0..1.")
    ] = 0.0,
    own: Annotated[Path | None, typer.Option("--own", help="TOML file with devices of your own.")] = None,
    all_policies: Annotated[
        bool, typer.Option("--all-policies", help="Every policy beside the others.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for plan.json, FINN-style and hls4ml-style reports.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Choose the parallelism of every operator of a network on an FPGA, and say what limits it."""
    from siliconbert import hardware
    from siliconbert import schedule as stage

    if own is not None:
        hardware.load_devices(own)
    settings: dict[str, Any] = {
        "device": device,
        "budget": None if budget is None else _amounts("budget", budget),
        "objective": objective,
        "layout": layout,
        "fixed": {name: int(n) for name, n in _amounts("fixed", fixed or []).items()},
        "memory": memory,
        "reserve": reserve,
        "per_region": regions,
        "tolerance": tolerance,
        "fpga": hardware.FpgaModel(clock_mhz=clock, arithmetic=arithmetic),
        "rows": rows,
        "density": density,
    }
    policies = stage.POLICIES if all_policies else (policy,)
    plans = [stage.allocate(network, policy=p, **settings) for p in policies]
    if json:
        console.show_json([p.json() for p in plans] if all_policies else plans[0].json())
    else:
        _show(plans)
    if out is not None and plans[-1].feasible:
        paths = stage.reports.write(plans[-1], out)
        console.say(*(f"written: {path}" for path in paths if not json))
    if not plans[-1].feasible:
        raise typer.Exit(1)


def _amounts(option: str, given: Sequence[str]) -> dict[str, float]:
    found = {}
    for one in given:
        name, _, amount = one.partition("=")
        try:
            found[name] = float(amount)
        except ValueError:
            raise ValueError(f"schedule: --{option} must be NAME=NUMBER, got {one!r}") from None
        if option == "fixed" and not found[name].is_integer():
            raise ValueError(f"schedule: --fixed must be a whole number, got {one!r}")
    return found


def _show(plans: Sequence[Plan]) -> None:
    best = plans[-1]
    if len(plans) > 1:
        _show_policies(plans)
    elif best.feasible:
        console.show_table(f"{best.network.name} on {best.device.name}", _COLUMNS, _operators(best))
    console.say("", best.explain())


_COLUMNS = ("operator", "parallelism", "memory", "units", "ms", "DSP", "FF", "LUT", "BRAM18", "URAM")


def _operators(plan: Plan) -> list[list[str]]:
    rows = []
    for o in plan.network.operators:
        amounts = plan.unit_resources(o.name)
        numbers = [f"{o.units * amounts.get(r, 0.0):.0f}" for r in ("dsp", "ff", "lut", "bram18", "uram")]
        memory = plan.memory.get(o.name, "") + "".join(f" {i}" for i in plan.regions.get(o.name, ()))
        head = [o.name, str(plan.parallelism[o.name]), memory, str(o.units)]
        rows.append([*head, f"{plan.operator_ms[o.name]:.4f}", *numbers])
    return rows


def _show_policies(plans: Sequence[Plan]) -> None:
    names = [o.name for o in plans[0].network.operators]
    columns = ("policy", "latency ms", "interval ms", "gap %", "DSP", *names)
    rows = [
        [
            plan.solution.policy,
            f"{plan.latency_ms:.4f}",
            f"{plan.interval_ms:.4f}",
            f"{100 * plan.gap:.2f}",
            f"{plan.resources['dsp']:.0f}",
            *(str(plan.parallelism[name]) for name in names),
        ]
        for plan in plans
        if plan.feasible
    ]
    console.show_table(f"{plans[0].network.name} on {plans[0].device.name}", columns, rows)
