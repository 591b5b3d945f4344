"""What holds for every accelerator and workload: zero work, sums, more work, lower voltage, calibration."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconbert import catalog, hardware
from siliconbert.hardware.actions import SCALINGS, action_energies, primitive_energies
from siliconbert.hardware.work import PARTS

NAMES = hardware.names()
shares = st.sampled_from([0.0, 0.25, 0.5, 1.0])
shapes = st.builds(
    lambda heads, head, ffn, layers: {"hidden": heads * head, "ffn": ffn, "heads": heads, "layers": layers},
    st.integers(1, 4),
    st.sampled_from([3, 8, 16]),
    st.integers(1, 90),
    st.integers(2, 5),
)
machines = st.builds(
    lambda name, n, overlap, traffic, scaling: hardware.accelerator(
        name, n, leakage_mw=5, overlap=overlap, traffic=traffic, node_scaling=scaling
    ),
    st.sampled_from(NAMES),
    st.sampled_from([4, 8, 16, 32]),
    st.sampled_from(["none", "transfers", "all"]),
    st.sampled_from(["resident", "weights", "tiles"]),
    st.sampled_from(SCALINGS),
)
laws = settings(max_examples=30, deadline=None, derandomize=True)


@laws
@given(machines, shapes)
def test_zero_work_costs_nothing(machine, model):
    cost = machine.layer(model, 0, ramp=True)
    assert (cost.macs, cost.joules, cost.seconds) == (0, 0, 0)
    assert not any(cost.busy.values()) and not any(cost.actions.values())


@laws
@given(machines, shapes, st.integers(1, 70), shares, st.sampled_from(["paper", "window"]))
def test_totals_are_the_sums_of_their_parts(machine, model, sequence, density, rule):
    cost = machine.layer(model, sequence, density=density, rule=rule)
    assert cost.macs == sum(cost.macs_by_part.values())
    assert cost.seconds == pytest.approx(sum(cost.cycles.values()) * 1e-9)
    assert cost.joules == pytest.approx(sum(cost.energy_pj.values()) * 1e-12)
    assert all(0 <= cost.cycles[unit] <= cost.busy[unit] for unit in cost.busy)
    one = machine.early_exit(model, [1], sequence=sequence, density=density, rule=rule)
    with_ramp = machine.layer(model, sequence, ramp=True, density=density, rule=rule)
    assert one.energy[0] == pytest.approx(with_ramp.joules) and one.latency[0] == pytest.approx(
        with_ramp.seconds
    )


def never_less(few, many):
    slack = 1 + 1e-12
    assert few.seconds <= many.seconds * slack and few.joules <= many.joules * slack
    assert few.macs <= many.macs
    for unit in few.busy:
        assert few.busy[unit] <= many.busy[unit] * slack


@laws
@given(machines, shapes, st.integers(1, 60), st.integers(0, 9), shares, st.sampled_from(["paper", "window"]))
def test_more_work_never_costs_less(machine, model, sequence, more, density, rule):
    base = machine.layer(model, sequence, density=density, rule=rule)
    never_less(base, machine.layer(model, sequence + more, density=density, rule=rule))
    never_less(base, machine.layer(model, sequence, ramp=True, density=density, rule=rule))
    never_less(machine.layer(model, sequence, 1, density=density, rule=rule), base)
    never_less(machine.layer(model, sequence, density=density / 2, rule=rule), base)
    near, far = ([z] + [128.0] * (model["heads"] - 1) for z in (1.0, 20.0))
    never_less(
        machine.layer(model, sequence, spans=near, density=density, rule=rule),
        machine.layer(model, sequence, spans=far, density=density, rule=rule),
    )


@laws
@given(machines, shapes, st.integers(1, 60), st.sampled_from([(2, 4), (4, 8), (8, 16)]))
def test_wider_codes_never_cost_less(machine, model, sequence, widths):
    narrow, wide = (machine.layer(model, sequence, width=width) for width in widths)
    assert narrow.joules <= wide.joules and narrow.cycles["pu"] == wide.cycles["pu"]


@laws
@given(machines, shapes, st.floats(1.0, 40.0))
def test_lower_voltage_never_costs_more_dynamic_energy(machine, model, times):
    last = model["layers"]
    quick = machine.layer(model, ramp=True).seconds * last * 1e3
    tight, loose = (
        machine.sentences(model, [last], [last], target_ms=target)
        for target in (1.5 * quick, 1.5 * quick * times)
    )
    assert loose.voltage[0] <= tight.voltage[0]
    assert loose.by_part["dynamic"][0] <= tight.by_part["dynamic"][0] * (1 + 1e-12)
    nominal = machine.early_exit(model, [last])
    assert loose.by_part["dynamic"][0] <= nominal.by_part["dynamic"][0] * (1 + 1e-3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("leakage", [0.0, 10.0, 40.0])
def test_the_calibration_meets_both_points_with_as_many_constants(name, scaling, leakage):
    machine = hardware.accelerator(name, leakage_mw=leakage, node_scaling=scaling)
    found, cost = machine.calibration, machine.layer("albert-base")
    assert 1e3 * cost.joules / cost.seconds == pytest.approx(found.power_mw)
    assert sum(machine.area().values()) == pytest.approx(found.area_mm2)
    assert (found.constants, found.points) == (2, 2)
    assert found.cycle_pj == 0 or found.actions == 1


def test_the_table_alone_by_hand():
    machine = hardware.accelerator("edgebert-12nm")
    primitive, each = primitive_energies(machine.values), action_energies(machine.values)
    # 12 nm lies ln(12/7)/ln(45/7) = 0.28965 of the way from 7 to 45 nm.
    assert primitive["int8_multiply"] == pytest.approx(0.07 * (0.2 / 0.07) ** 0.28965, rel=1e-4)
    assert primitive["int32_add"] == pytest.approx(0.03 * (0.1 / 0.03) ** 0.28965, rel=1e-4)
    assert each["mac"] == pytest.approx(0.9 * (primitive["int8_multiply"] + primitive["int32_add"]))
    assert each["sram_byte"] == pytest.approx(7.5 / 8 * (10 / 7.5) ** 0.28965, rel=1e-4)
    # 45 nm at 0.9 V: 1.103 * 0.81 - 0.362 * 0.9 + 0.2767; 12 nm at 0.8 V: between those of 14 and 10 nm.
    general = hardware.accelerator("edgebert-12nm", node_scaling="stillmaker-baas").values
    ratio = (0.09622 + 0.08162) / 2 / 0.84433
    assert primitive_energies(general)["int8_multiply"] == pytest.approx(0.2 * ratio, rel=1e-3)


def test_area_grows_with_the_array():
    areas = [sum(hardware.accelerator("edgebert-12nm", n).area().values()) for n in (4, 8, 16, 32)]
    assert areas == sorted(areas) and areas[2] == pytest.approx(1.4)


def test_every_part_of_the_weights_has_a_density():
    kept = dict.fromkeys(PARTS, hardware.Density(0.5, 0.5))
    cost = hardware.accelerator("edgebert-12nm").layer("albert-base", density=kept)
    assert cost.kept_macs_by_part["ffn_up"] == cost.macs_by_part["ffn_up"] / 2
    assert cost.actions["skipped_macs"] > 0.4 * cost.macs


def test_numbers_of_silicon_are_in_the_catalogue_with_their_node():
    assert {q.node for _, _, q in catalog.quantities("actions")} <= {
        "45 nm", "40 nm", "16 nm", "7 nm", "45 to 7 nm"
    }  # fmt: skip
