"""A plan for an FPGA: parallelism, latency, resources, and what to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from siliconbert import html
from siliconbert.hardware import Device, FpgaModel
from siliconbert.hardware.devices import RESOURCES
from siliconbert.schedule.network import Network
from siliconbert.schedule.solution import Solution
from siliconbert.schedule.solve import number


@dataclass(frozen=True)
class Option:
    """One way to build an operator: lanes, the memory of its weights, the region of each unit."""

    lanes: int
    memory: str = ""
    regions: tuple[int, ...] = ()

    def __str__(self) -> str:
        """The lanes."""
        return str(self.lanes)


@dataclass(frozen=True, eq=False)
class Plan:
    """A network on an FPGA.

    solution : choices, bound and gap, as solve() returns them

    >>> from siliconbert.schedule import allocate
    >>> plan = allocate("cbbp-wikitext2", device="u200", budget={"dsp": 3000})
    >>> plan.feasible, plan.resources["dsp"] <= 3000
    (True, True)
    """

    solution: Solution
    network: Network
    device: Device
    model: FpgaModel
    memory_kind: str

    @property
    def options(self) -> dict[str, Option]:
        """Operator -> how it is built."""
        return {name: o for name, o in self.solution.choice.items() if isinstance(o, Option)}

    @property
    def parallelism(self) -> dict[str, int]:
        """Operator -> lanes (multiply-accumulate units of a product, lanes of one head or of an add-norm)."""
        return {name: option.lanes for name, option in self.options.items()}

    @property
    def memory(self) -> dict[str, str]:
        """Operator -> the memory of its weights; those without weights lack."""
        return {name: option.memory for name, option in self.options.items() if option.memory}

    @property
    def regions(self) -> dict[str, tuple[int, ...]]:
        """Operator -> the region of each of its units; empty unless placed."""
        return {name: option.regions for name, option in self.options.items() if option.regions}

    @property
    def feasible(self) -> bool:
        """Whether anything fits the budget."""
        return self.solution.feasible

    @property
    def reason(self) -> str:
        """Why nothing fits, how much is short, and the smallest budget that would do; or empty."""
        return self.solution.reason

    @property
    def latency_ms(self) -> float:
        """All stages one after the other; NaN where nothing fits."""
        return self.solution.latency_ms

    @property
    def interval_ms(self) -> float:
        """The slowest stage: what a pipeline of the stages needs from one batch to the next."""
        return self.solution.interval_ms

    @property
    def rows_per_second(self) -> float:
        """Rows of activations a second, one batch after the other."""
        return 1e3 * self.network.rows / self.latency_ms

    @property
    def pipelined_rows_per_second(self) -> float:
        """Rows of activations a second, the stages as a pipeline."""
        return 1e3 * self.network.rows / self.interval_ms

    @property
    def operator_ms(self) -> dict[str, float]:
        """Operator -> ms of one invocation."""
        return self.solution.operator_ms

    @property
    def stage_ms(self) -> dict[str, float]:
        """Stage -> ms."""
        return self.solution.stage_ms

    @property
    def resources(self) -> dict[str, float]:
        """Resource -> amount of all units."""
        return {r: n for r, n in self.solution.resources.items() if "@" not in r}

    @property
    def shares(self) -> dict[str, float]:
        """Resource -> share of the device, for what the device has."""
        have = self.device.resources
        return {r: n / have[r] for r, n in self.resources.items() if have.get(r)}

    @property
    def exceeds(self) -> dict[str, float]:
        """Resource that the budget did not name -> amount beyond what the device has."""
        have = self.device.resources
        return {r: n - have[r] for r, n in self.resources.items() if r in have and n > have[r]}

    @property
    def binding(self) -> str | None:
        """The resource that keeps the plan from being faster; None where every operator is at its fastest."""
        return self.solution.binding

    @property
    def gap(self) -> float:
        """How far below the objective the optimum can lie at most, as a share of it; 0: it is the optimum."""
        return self.solution.gap

    def unit_resources(self, operator: str) -> dict[str, float]:
        """Resource -> amount of one unit of an operator."""
        each = next(e for e in self.solution.problem.operators if e.name == operator)
        found = next(o for o in self.network.operators if o.name == operator)
        index = each.index(self.solution.choice[operator])
        return {r: float(each.amounts(r)[index]) / found.units for r in each.resources if "@" not in r}

    def explain(self) -> str:
        """What was chosen and why it is not faster, in a few lines."""
        found = self.solution
        head = f"{self.network.name} on {self.device.name}, {found.policy}, {found.objective}"
        if not self.feasible:
            return f"{head}: nothing fits. {self.reason}"
        lines = [
            f"{head}: {self.latency_ms:.4g} ms for {self.network.rows} rows one batch after the other, every "
            f"{self.interval_ms:.4g} ms as a pipeline of its stages ({len(self.network.stages)})"
        ]
        lines += [*self._limits(), *self._steps(), self._optimum()]
        return "\n".join(lines)

    def json(self) -> dict[str, Any]:
        """Everything, as values that JSON knows."""
        found = self.solution
        numbers = {
            "latency_ms": self.latency_ms,
            "interval_ms": self.interval_ms,
            "objective_ms": found.objective_ms,
            "bound_ms": found.bound_ms,
        }
        return {
            "network": self.network.name,
            "device": self.device.name,
            "policy": found.policy,
            "objective": found.objective,
            "feasible": self.feasible,
            "reason": self.reason,
            "parallelism": self.parallelism,
            "memory": self.memory,
            "regions": {name: list(place) for name, place in self.regions.items()},
            **{key: n if self.feasible else None for key, n in numbers.items()},
            "gap": self.gap,
            "operator_ms": self.operator_ms if self.feasible else {},
            "stage_ms": self.stage_ms,
            "resources": self.resources,
            "budget": dict(found.problem.budget),
            "exceeds": self.exceeds,
            "binding": self.binding if self.feasible else None,
            "explanation": self.explain(),
        }

    def _repr_html_(self) -> str:
        title = f"{self.network.name} on {self.device.name}, policy {self.solution.policy}"
        if not self.feasible:
            return html.record(title, {"no plan": self.reason})
        rows = [(name, lanes, self.operator_ms[name]) for name, lanes in self.parallelism.items()]
        return html.table(title, ("operator", "parallelism", "ms a call"), rows, self.explain())

    def _limits(self) -> list[str]:
        budget = self.solution.problem.budget
        used = [
            f"{r} {number(self.resources[r])} of {number(budget[r])} ({100 * self.solution.used(r):.1f} %)"
            for r in RESOURCES
            if r in budget and r in self.resources
        ]
        lines = [f"takes {', '.join(used)}"] if used else ["no resource is limited"]
        if self.exceeds:
            beyond = ", ".join(f"{r} by {number(n)}" for r, n in self.exceeds.items())
            lines.append(f"beyond what {self.device.name} has: {beyond} (not limited by this budget)")
        return lines

    def _steps(self) -> list[str]:
        """What each operator would gain from its next option, and what that would take."""
        blocked = self.solution.blocked
        if not blocked:
            return ["every operator is as fast as its options allow"]
        lines = [f"binding: {_name(self.binding or '')}"]
        price = self.solution.prices.get(self.binding or "", 0.0)
        if price > 0:
            lines[0] += f"; one more is worth about {1e3 * price:.3g} us to the objective"
        for name, resource in blocked.items():
            each = next(e for e in self.solution.problem.operators if e.name == name)
            faster = self._faster(each, name)
            lines.append(
                f"  {name} stays at {self.parallelism[name]}: {faster} would take more {_name(resource)}"
            )
        return lines

    def _faster(self, each: Any, name: str) -> str:
        times, at = each.times(), each.index(self.solution.choice[name])
        options = sorted({o.lanes for o, t in zip(each.options, times, strict=True) if t < times[at]})
        return str(options[0])

    def _optimum(self) -> str:
        if self.solution.policy == "exact" and self.gap < 1e-9:
            return "this is the optimum: no plan under this budget is better"
        if self.gap < 1e-9:
            return "this is as good as the optimum"
        below = f"no plan is below {self.solution.bound_ms:.6g} ms"
        return f"gap to the optimum: at most {100 * self.gap:.3g} % ({below})"


def _name(resource: str) -> str:
    kind, _, region = resource.partition("@")
    return f"{kind} of region {region}" if region else kind
