"""Stored images: exact sizes, the cells of every bit, and a reading of whatever faults leave."""

import numpy as np
import pytest

from siliconbert import _core, catalog, formats, sparsity, storage
from siliconbert.reference import storage as twin

EVENT = np.dtype([("region", "<u4"), ("cell", "<u8"), ("stored", "u1"), ("read", "u1")], align=True)


def weights(rows=37, columns=29, seed=2):
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


def stored(fmt="adaptivfloat8", density=0.4, layout="bitmask", cells=storage.EDGEBERT_CELLS, w=None):
    w = weights() if w is None else w
    mask = sparsity.prune(w, sparsity.Unstructured(), density)
    return w, mask, storage.store(w, mask, formats.get(fmt), layout, cells)


def parameter_bits(image):
    return _core.formats.parameters(image.format._core_shape()).bits


def lacks_zero(fmt):
    return not (formats.fit(weights(), formats.get(fmt)).values() == 0).any()


def levels(region):
    return [region.level(cell) for cell in range(region.cells)]


@pytest.mark.parametrize("layout", ["bitmask", "dense"])
@pytest.mark.parametrize("fmt", formats.names())
@pytest.mark.parametrize("density", [0.001, 0.4, 1.0])
def test_what_is_loaded_is_the_quantized_kept_weight(layout, fmt, density):
    if layout == "dense" and density < 1 and lacks_zero(fmt):
        with pytest.raises(ValueError, match="stores zeros for pruned weights"):
            stored(fmt, density, layout)
        return
    w, mask, image = stored(fmt, density, layout)
    fitted = formats.fit(w, formats.get(fmt), mask)
    assert image.format == fitted == image.stored_format()
    wanted = np.where(mask, formats.quantize(w, fitted), np.float32(0))
    assert image.load().dtype == np.float32 and np.array_equal(image.load(), wanted)
    assert np.array_equal(image.mask(), mask if layout == "bitmask" else np.ones_like(mask))


@pytest.mark.parametrize("fmt", formats.names())
def test_bitmask_sizes_are_exact(fmt):
    w, mask, image = stored(fmt)
    width, parameters = formats.get(fmt).width, parameter_bits(image)
    known = {"parameters": parameters} if parameters else {}
    assert image.bits == {"values": int(mask.sum()) * width, "mask": w.size, **known}
    assert image.cells == {"values": int(mask.sum()) * -(-width // 2), "mask": w.size, **known}
    assert image.bytes == -(-(int(mask.sum()) * width + w.size + parameters) // 8)
    assert image.shape == w.shape and image.name == "w"
    assert image.kept == mask.sum() and image.padding == 0 and image.layout == storage.layout("bitmask")


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("order", ["sign-mantissa-exponent", "sign-exponent-mantissa", "lowest first"])
def test_bits_fill_cells_in_any_order_as_binary_or_gray_levels(order, gray):
    w = weights()
    mask = sparsity.prune(w, sparsity.Unstructured(), 0.4)
    fmt = formats.AdaptivFloat(8, 4)
    asked = list(range(8)) if order == "lowest first" else order
    image = storage.store(w, mask, fmt, cells={"*": "rram-mlc3"}, gray=gray, order=asked)
    bits = {
        "sign-mantissa-exponent": [7, 2, 1, 0, 6, 5, 4, 3],
        "sign-exponent-mantissa": [7, 6, 5, 4, 3, 2, 1, 0],
        "lowest first": [0, 1, 2, 3, 4, 5, 6, 7],
    }[order]
    codes = formats.encode(w[mask], image.format).tolist()
    assert levels(image.image.regions[0]) == twin.levels(codes, bits, [3, 3, 2], gray)
    plain = storage.store(w, mask, fmt)
    assert np.array_equal(image.load(), plain.load()) and np.array_equal(image.mask(), mask)


def test_gray_can_be_asked_for_one_region():
    _, _, image = stored()
    assert not any(region.map.gray for region in image.image.regions)
    image = storage.store(*stored()[:2], formats.get("adaptivfloat8"), gray={"values": True})
    assert [region.map.gray for region in image.image.regions] == [True, False, False]


@pytest.mark.parametrize("layout", ["bitmask", "dense", "csr", "bsr"])
@pytest.mark.parametrize("fmt", formats.names())
def test_planes_load_what_whole_values_load(fmt, layout):
    if lacks_zero(fmt) and layout in ("dense", "bsr"):
        with pytest.raises(ValueError, match="stores zeros for"):
            stored(fmt, layout=layout)
        return
    w, mask, whole = stored(fmt, layout=layout)
    cells = {"values": "rram-mlc3", "values.sign": "rram-slc", "*": "rram-mlc2"}
    image = storage.store(w, mask, formats.get(fmt), layout, cells)
    assert np.array_equal(image.load(), whole.load()) and image.padding == whole.padding
    fields = {f"values.{name}": len(bits) for name, bits in image.format.fields().items() if bits}
    count = whole.bits["values"] // image.format.width
    planes = {name: bits for name, bits in image.bits.items() if name.startswith("values.")}
    assert planes == {name: width * count for name, width in fields.items()}
    cell = {region.name: region.map.cell for region in image.image.regions}
    wanted = {"values.sign": "rram-slc", "values.exponent": "rram-mlc3", "parameters": "rram-mlc2"}
    assert {name: cell[name] for name in wanted if name in cell}.items() <= wanted.items()
    assert "values.exponent" in cell or not image.format.fields().get("exponent")


def test_events_in_planes_change_only_their_elements():
    w, mask, _ = stored()
    image = storage.store(
        w, mask, formats.get("adaptivfloat8"), cells={"values.sign": "rram-slc", "*": "rram-slc"}
    )
    flips = [(0, 5), (2, 21)]  # the sign of value 5, a mantissa bit of value 7
    events = np.array(
        [(r, c, image.image.regions[r].level(c), 1 - image.image.regions[r].level(c)) for r, c in flips],
        EVENT,
    )
    kept = np.flatnonzero(mask)
    assert _core.storage.changed_values(image.image, events) == [(5, kept[5]), (7, kept[7])]
    faulty = image.image.copy()
    faulty.apply(events)
    after, before = storage.Image(faulty, image.format, image.kept).load().ravel(), image.load().ravel()
    assert set(np.flatnonzero(after != before)) == {kept[5], kept[7]} and after[kept[5]] == -before[kept[5]]


@pytest.mark.parametrize("cell", ["rram-slc", "rram-mlc2", "rram-mlc3"])
@pytest.mark.parametrize("fmt", formats.names())
def test_levels_are_the_twins(fmt, cell):
    w, mask, image = stored(fmt, cells={"*": cell})
    bits = catalog.records("cells")[cell]["bits"]
    width = formats.get(fmt).width
    values, masks, *parameters = image.image.regions
    assert values.map.cell_bits == twin.split_into_cells(width, bits)
    codes = formats.encode(w, image.format)[mask].tolist()
    assert levels(values) == twin.levels(codes, values.map.bit_order, values.map.cell_bits)
    assert levels(masks) == twin.mask_levels(mask, bits)
    parameter_bytes = _core.formats.parameters(image.format._core_shape()).values().tolist()
    wanted = twin.levels(parameter_bytes, range(7, -1, -1), twin.split_into_cells(8, bits))
    assert [level for region in parameters for level in levels(region)] == wanted


def test_eight_bits_lie_in_mlc3_as_three_three_two_with_the_sign_beside_the_mantissa():
    fmt = formats.AdaptivFloat(8, 4, bias=-15)
    image = storage.store(
        [[-1.375]], [[True]], fmt, cells={"*": "rram-mlc3"}
    )  # sign 1, exponent 1111, mantissa 011
    values = image.image.regions[0]
    assert values.map.bit_order == [7, 2, 1, 0, 6, 5, 4, 3] and values.map.cell_bits == [3, 3, 2]
    assert levels(values) == [0b101, 0b111, 0b11]


def with_mask(image, mask):
    """The image as it reads with another mask: one that faults left."""
    regions = [
        _core.base.Region(r.name, _core.base.Codes(mask.ravel(), 1) if r.name == "mask" else r.codes, r.map)
        for r in image.image.regions
    ]
    faulty = _core.base.CodeImage(image.name, *image.shape, regions, image.image.layout)
    return storage.Image(faulty, image.format, image.kept)


@pytest.mark.parametrize("seed", range(5))
def test_a_mask_with_another_number_of_ones_has_the_twins_reading(seed):
    w, mask, image = stored()
    flips = np.random.default_rng(seed).random(w.shape) < 0.05 * seed
    faulty = with_mask(image, mask ^ flips)
    read = np.flatnonzero(mask ^ flips)[: mask.sum()]  # ones beyond the values have none
    assert np.array_equal(np.flatnonzero(faulty.mask()), read)
    values = formats.quantize(w[mask], image.format)
    assert np.array_equal(faulty.load(), twin.load(values, mask ^ flips))


def test_faults_in_the_bias_move_every_value_by_a_power_of_two():
    w = weights() / 16
    _, _, image = stored(w=w)
    faulty = image.image.copy()
    bias = image.format.bias & 0xFF
    faulty.apply(np.array([(2, 7, bias & 1, 1 - (bias & 1))], EVENT))
    step = 1.0 if bias % 2 == 0 else -1.0
    assert np.array_equal(storage.Image(faulty, image.format, image.kept).load(), image.load() * 2.0**step)


@pytest.mark.parametrize("bit", range(8))
def test_any_single_fault_in_the_bias_leaves_finite_values(bit):
    _, _, image = stored()
    faulty = image.image.copy()
    level = faulty.regions[2].level(bit)
    faulty.apply(np.array([(2, bit, level, 1 - level)], EVENT))
    assert np.isfinite(storage.Image(faulty, image.format, image.kept).load()).all()


def test_events_in_the_values_change_only_the_elements_they_name():
    _, _, image = stored()
    clean = image.load()
    events = np.array([(0, cell, 0, 3) for cell in (400, 7, 5)], EVENT)
    faulty = image.image.copy()
    faulty.apply(events)
    changed = _core.storage.changed_values(image.image, events)
    kept = np.flatnonzero(image.mask())
    assert changed == [(value, kept[value]) for value in (1, 100)]
    differs = np.flatnonzero((storage.Image(faulty, image.format, image.kept).load() != clean).ravel())
    assert set(differs) <= {element for _, element in changed}
    assert _core.storage.changed_values(image.image, np.array([(1, 0, 0, 1)], EVENT)) is None


SHARED = [
    {"family": "integer", "width": 4, "per": "row"},
    {"family": "integer", "width": 6, "per": "group", "group": 5, "symmetric": False},
    {"family": "minifloat", "exponent_bits": 4, "mantissa_bits": 3},
    {"family": "blockfloat", "width": 6, "per": "group", "group": 7},
]


@pytest.mark.parametrize("layout", storage.layouts())
@pytest.mark.parametrize("record", SHARED, ids=lambda r: r["family"])
def test_parameters_follow_from_the_element_in_any_layout(record, layout):
    w = weights(12, 24)
    mask = np.zeros(w.shape, bool)
    mask[::3, ::2] = True
    fmt = formats.from_record(record)
    how = {"name": layout, "block": (3, 2)} if layout in ("bsr", "cscb", "block_bitmap") else layout
    fitted = formats.fit(np.where(mask, w, 0), fmt, mask)
    image = storage.store(w, mask, fmt, how, {"*": "rram-slc"})
    decoded = formats.decode(formats.encode(np.where(mask, w, 0), fitted), fitted)
    assert np.array_equal(image.load(), np.where(mask, decoded, 0))
    assert image.bits.get("parameters", 0) == 8 * len(fitted.parameters or b"")


def test_a_format_without_a_zero_cannot_hold_pruned_weights():
    w, mask, _ = stored()
    binary = formats.make("binary")
    image = storage.store(w, mask, binary, "csr")
    assert np.array_equal(image.load() != 0, mask)
    assert image.bits["values"] == mask.sum()
    with pytest.raises(ValueError, match="layout dense stores zeros for pruned weights, which format Binary"):
        storage.store(w, mask, binary, "dense")
    storage.store(w, np.ones_like(mask), binary, "dense")


GOOD = {"w": [[1.0, 2.0]], "mask": [[True, False]], "fmt": formats.get("adaptivfloat8")}


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"layout": "cssr"}, "layout must be one of bitmask, .*dense.*; got 'cssr'"),
        ({"ecc": "secded"}, r"storage\.store: ecc must be one of parity, .*; got 'secded'"),
        ({"ecc": {"mask": "x"}}, "ecc must be one of"),
        ({"ecc": {"masks": "parity"}}, "ecc must name regions among .*; got 'masks'"),
        ({"gray": {"masks": True}}, "gray must name regions among .*; got 'masks'"),
        ({"order": "mantissa"}, "order must be one of sign-mantissa-exponent, .*, got 'mantissa'"),
        ({"order": [0, 1, 1, 2, 3, 4, 5, 6]}, r"bit_order must name each bit 0\.\.7 once"),
        ({"order": [0], "gray": {"values.sign": True}}, "order must be None where planes"),
        ({"cells": {"*": "dram"}}, r"storage\.store: name must be one of rram-mlc2, .*; got 'dram'"),
        ({"cells": {"value": "rram-slc", "*": "rram-slc"}}, r"regions among \*, .*; got 'value'"),
        ({"cells": {"values": "rram-slc"}}, "must name a cell for region 'mask' or"),
        ({"mask": [[1.0, 0.0]]}, "mask must be bool of shape"),
        ({"mask": [[True]]}, r"mask must be bool of shape \(1, 2\), got bool of shape \(1, 1\)"),
        ({"w": [1.0, 2.0]}, "w must have 2 dimensions, got 1"),
        ({"w": [[np.nan, 2.0]]}, "must be finite"),
    ],
)
def test_what_cannot_be_stored_is_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        storage.store(**{**GOOD, **change})
