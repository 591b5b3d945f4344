"""Parallelism for a network on an FPGA: what `siliconbert schedule` prints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations_with_replacement
from typing import Any

from siliconbert.hardware import Device, FpgaModel, FpgaOperator, device, shell
from siliconbert.hardware.devices import RESOURCES
from siliconbert.hardware.fpga import MEMORIES
from siliconbert.schedule.choices import Choices
from siliconbert.schedule.network import Network, Operator, Table, network
from siliconbert.schedule.plan import Option, Plan
from siliconbert.schedule.solve import WIDTH, solve

MEMORY = ("auto", "bram18", "uram", "none")
_MOST_PLACES = 1000


def allocate(
    model: Any,
    device: str | Device = "u200",
    budget: Mapping[str, float] | None = None,
    policy: str = "exact",
    objective: str = "sum",
    *,
    layout: str = "layers",
    fixed: Mapping[str, int] | None = None,
    reserve: str | Mapping[str, float] | None = None,
    memory: str = "auto",
    per_region: bool = False,
    width: int = WIDTH,
    tolerance: float = 0.0,
    fpga: FpgaModel | None = None,
    **sizes: Any,
) -> Plan:
    """The parallelism of every operator of a network on an FPGA under a budget.

    model     : whatever network() takes: a catalogue name, a model's folder, a TOML file of operators
    device    : hardware.device()'s name
    budget    : resource (dsp, ff, lut, bram18, uram) -> amount; it names only what it limits. None: all that
                the device has
    policy, objective, width, tolerance : as in solve()
    layout, sizes : as in network(): rows, window, density, block, outputs
    fixed     : operator -> parallelism that it must have
    reserve   : taken off the budget: amounts by resource, or a shell's name (ddr, hbm, ethernet)
    memory    : where weights lie: "bram18", "uram", "auto" (either, operator by operator; of equal plans the
                one that takes the smaller share of the device), "none" (not counted, as in CBBP's table)
    per_region: also place every unit on one of the chip's dies, none of which may overflow
    fpga      : FpgaModel(clock_mhz, interval, arithmetic, registers); its defaults where None
    errors    : ValueError naming what is unknown, a parallelism that does not divide, a resource that the
                device has not. A budget that nothing fits is no error: plan.feasible, plan.reason

    >>> plan = allocate("cbbp-wikitext2", device="u200", budget={"dsp": 3368}, memory="none")
    >>> plan.parallelism["mm4"], plan.binding, plan.gap
    (256, 'dsp', 0.0)
    """
    chip = _device(device)
    net = network(model, layout, **sizes)
    hardware_model = fpga or FpgaModel()
    _check_memory(memory, chip)
    limits = _limits(budget, reserve, chip)
    operators = [
        _choices(o, net, hardware_model, chip, memory, (fixed or {}).get(o.name)) for o in net.operators
    ]
    _check_fixed(fixed or {}, net)
    if per_region:
        _check_regions(chip)
        operators = [_placed(each, chip) for each in operators]
        limits |= {f"{r}@{i}": n for i, region in enumerate(chip.regions) for r, n in region.items()}
    known = {r for each in operators for r in each.resources}
    found = solve(
        operators,
        {r: n for r, n in limits.items() if r in known},
        policy,
        objective,
        net.stages,
        width,
        tolerance,
    )
    return Plan(found, net, chip, hardware_model, memory)


def _device(given: str | Device) -> Device:
    return given if isinstance(given, Device) else device(given)


def _check_memory(memory: str, chip: Device) -> None:
    if memory not in MEMORY:
        raise ValueError(f"schedule.allocate: memory must be one of {', '.join(MEMORY)}; got {memory!r}")
    if memory in MEMORIES and not chip.resources[memory]:
        raise ValueError(f"schedule.allocate: memory {memory!r} needs {memory}, device {chip.name} has none")


def _limits(
    budget: Mapping[str, float] | None, reserve: str | Mapping[str, float] | None, chip: Device
) -> dict[str, float]:
    taken: Mapping[str, float] = shell(reserve) if isinstance(reserve, str) else reserve or {}
    found = dict(chip.resources if budget is None else budget)
    for name, amounts in (("budget", found), ("reserve", taken)):
        for resource, amount in amounts.items():
            if resource not in RESOURCES:
                raise ValueError(
                    f"schedule.allocate: {name} must name resources among {', '.join(RESOURCES)}; "
                    f"got {resource!r}"
                )
            if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount < math.inf:
                raise ValueError(
                    f"schedule.allocate: {name} of {resource} must be a number of at least 0, got {amount!r}"
                )
    for resource, amount in (budget or {}).items():
        if amount > 0 and not chip.resources[resource]:
            raise ValueError(f"schedule.allocate: budget names {resource}, device {chip.name} has none")
    return {r: max(0.0, n - taken.get(r, 0)) for r, n in found.items()}


def _check_fixed(fixed: Mapping[str, int], net: Network) -> None:
    names = [o.name for o in net.operators]
    if unknown := set(fixed) - set(names):
        raise ValueError(
            f"schedule.allocate: fixed must name operators among {', '.join(names)}; got {min(unknown)!r}"
        )


def _choices(
    operator: Operator, net: Network, model: FpgaModel, chip: Device, memory: str, fixed: int | None
) -> Choices:
    if isinstance(operator.work, Table):
        return _table_choices(operator, operator.work, fixed)
    lanes = operator.options if fixed is None else (fixed,)
    options: list[Option] = []
    for p in lanes:
        operator.work.check(operator.name, p)
        options += [Option(p, kind) for kind in _kinds(operator.work, p, model, chip, memory)]
    amounts = [_amounts(operator.work, model, o) for o in options]
    level = [lanes.index(o.lanes) for o in options]
    return Choices(
        operator.name,
        options,
        [model.latency_ms(operator.work, net.rows, o.lanes) for o in options],
        {r: [a.get(r, 0.0) for a in amounts] for r in RESOURCES},
        operator.units,
        level,
    )


def _table_choices(operator: Operator, table: Table, fixed: int | None) -> Choices:
    if fixed is not None and fixed not in operator.options:
        known = ", ".join(map(str, operator.options))
        raise ValueError(f"schedule: {operator.name}: parallelism must be one of {known}; got {fixed}")
    kept = [i for i, p in enumerate(operator.options) if fixed in (None, p)]
    return Choices(
        operator.name,
        [Option(operator.options[i]) for i in kept],
        [table.latency_ms[i] for i in kept],
        {r: [numbers[i] for i in kept] for r, numbers in table.resources.items()},
        operator.units,
    )


def _kinds(work: FpgaOperator, lanes: int, model: FpgaModel, chip: Device, memory: str) -> list[str]:
    """Memories for the weights, the one first of which a smaller share of the device is needed."""
    if memory == "none" or not work.words:
        return [""]
    if memory != "auto":
        return [memory]
    shares = {
        kind: model.memory(work, lanes, kind) / chip.resources[kind]
        for kind in MEMORIES
        if chip.resources[kind]
    }
    return sorted(shares, key=lambda kind: shares[kind])


def _amounts(work: FpgaOperator, model: FpgaModel, option: Option) -> dict[str, float]:
    found = model.amounts(work, option.lanes)
    if option.memory:
        found[option.memory] = model.memory(work, option.lanes, option.memory)
    return found


def _check_regions(chip: Device) -> None:
    if not chip.regions:
        from siliconbert.hardware import devices

        known = ", ".join(name for name in devices() if device(name).regions)
        raise ValueError(
            f"schedule.allocate: device must be one whose regions are known, {known}; got {chip.name!r}"
        )


def _placed(each: Choices, chip: Device) -> Choices:
    """Every choice with every way to place its units on the regions."""
    regions = len(chip.regions)
    if math.comb(each.units + regions - 1, regions - 1) > _MOST_PLACES:
        raise ValueError(
            f"schedule.allocate: per_region must have at most {_MOST_PLACES} ways to place an operator, "
            f"{each.units} units of {each.name} on {regions} regions have more"
        )
    places = list(combinations_with_replacement(range(regions), each.units))
    options, levels, times = [], [], []
    amounts: dict[str, list[float]] = {
        name: [] for r in each.resources for name in (r, *(f"{r}@{i}" for i in range(regions)))
    }
    for c, option in enumerate(each.options):
        for place in places:
            assert isinstance(option, Option)
            options.append(Option(option.lanes, option.memory, place))
            levels.append(int(each.levels()[c]))
            times.append(float(each.times()[c]))
            for r in each.resources:
                all_units = float(each.amounts(r)[c])
                amounts[r].append(all_units)
                for i in range(regions):
                    amounts[f"{r}@{i}"].append(all_units / each.units * place.count(i))
    return Choices(each.name, options, times, amounts, 1, levels)
