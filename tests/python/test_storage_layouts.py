"""Layouts: what is stored comes back, sizes are the formulas', and any content of the cells has a reading."""

import doctest
import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconbert import _core, formats, storage
from siliconbert.reference import layouts as twin

SLC = {"*": "rram-slc"}
FORMAT = formats.get("adaptivfloat8")
LAYOUTS = [
    storage.layout("dense"),
    storage.layout("bitmask"),
    storage.layout("bitmask", restart="row"),
    storage.layout("bitmask", restart="row", index_bits=32),
    storage.layout("coo"),
    storage.layout("coo", index_bits=32),
    storage.layout("csr"),
    storage.layout("csr", index_bits=32),
    storage.layout("rle", run_bits=1),
    storage.layout("rle"),
    storage.layout("csb", bank=5),
    storage.layout("csb", bank=8, kept=4, index_bits=32),
    storage.layout("nm"),
    storage.layout("bsr", block=(2, 3)),
    storage.layout("bsr", block=(4, 4), index_bits=32),
    storage.layout("cscb", block=(2, 3)),
    storage.layout("block_bitmap", block=(3, 2)),
]


def name_of(layout):
    return "-".join(str(v) for v in layout.record().values() if v is not None).replace(" ", "")


each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=name_of)


def some_mask(layout, rows, columns, seed=0, density=0.4):
    """A mask that the layout takes."""
    rng = np.random.default_rng(seed)
    mask = rng.random((rows, columns)) < density
    if layout.name == "cscb":
        R, C = -(-rows // 2), -(-columns // 3)
        kept = rng.permuted(np.tile(np.arange(R) < max(1, R // 2), (C, 1)), axis=1).T
        return np.repeat(np.repeat(kept, 2, 0), 3, 1)[:rows, :columns]
    if layout.name in ("nm", "csb"):
        mask[:, 2::4] = mask[:, 3::4] = False
    return mask


def stored(layout, mask, **options):
    w = np.random.default_rng(1).normal(size=mask.shape).astype(np.float32)
    w[w == 0] = 1
    return w, storage.store(w, mask, FORMAT, layout, options.pop("cells", SLC), **options)


def options_of(image):
    return {k: v for k, v in image.layout.record().items() if k != "name"}


def parts_of(image):
    return {r.name: r.codes.values().tolist() for r in image.image.regions if r.name != "values"}


@each_layout
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (8, 1), (7, 23), (24, 36)])
@pytest.mark.parametrize("cell", ["rram-slc", "rram-mlc3"])
def test_what_is_stored_comes_back(layout, shape, cell):
    for seed in range(3):
        mask = some_mask(layout, *shape, seed)
        w, image = stored(layout, mask, cells={"*": cell})
        wanted = np.where(mask, formats.quantize(w, image.format), np.float32(0))
        assert np.array_equal(image.load(), wanted)
        assert image.repairs == {} and (image.mask() >= mask).all()
        assert image.kept == mask.sum() and image.padding >= 0
        assert image.layout.name == layout.name


@each_layout
@pytest.mark.parametrize("shape", [(1, 1), (7, 23), (24, 36)])
def test_the_encoding_is_the_twins_and_the_formulas(layout, shape):
    for seed, density in enumerate((0.0, 0.05, 0.4, 1.0)):
        mask = some_mask(layout, *shape, seed, density)
        _, image = stored(layout, mask)
        encoded = twin.encode(layout.name, mask, **options_of(image))
        assert parts_of(image) == {
            **{name: numbers for name, (_, numbers) in encoded.parts.items()},
            "parameters": parts_of(image)["parameters"],
        }
        codes = formats.encode(np.where(mask, stored(layout, mask)[0], 0), image.format).ravel()
        values = image.image.regions[0].codes.values()
        assert values.tolist() == [0 if e is None else codes[e] for e in encoded.elements]
        found = {region: bits for region, bits in image.bits.items() if region != "parameters"}
        assert found == storage.bits(layout, *shape, 8, mask=mask)
        protected = storage.bits(layout, *shape, 8, mask=mask, ecc="secded-72-64")
        whole = stored(layout, mask, ecc={"*": "secded-72-64", "parameters": None})[1].bits
        assert {**protected, "parameters": 8} == whole


def faulty(image, parts):
    """The image with other numbers in its structure."""
    regions = [
        _core.base.Region(r.name, _core.base.Codes(parts[r.name], r.codes.width), r.map)
        if r.name in parts
        else r
        for r in image.image.regions
    ]
    bad = _core.base.CodeImage(image.name, *image.shape, regions, image.image.layout)
    return storage.Image(bad, image.format, image.kept)


@each_layout
@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_content_of_the_cells_has_the_twins_reading(layout, data):
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 13)))
    mask = some_mask(layout, *shape, data.draw(st.integers(0, 3)))
    _, image = stored(layout, mask)
    structure = [r for r in image.image.regions if r.name not in ("values", "parameters")]
    parts = parts_of(image)
    for region in structure:
        limit = 2**region.codes.width - 1
        numbers = st.one_of(st.integers(0, limit), st.integers(0, min(limit, 40)))
        size = region.codes.count
        if data.draw(st.booleans()):
            parts[region.name] = data.draw(st.lists(numbers, min_size=size, max_size=size))
        elif size:
            parts[region.name][data.draw(st.integers(0, size - 1))] = data.draw(numbers)
    bad = faulty(image, parts)
    codes = bad.image.regions[0].codes.values()
    reading = twin.read(layout.name, shape, len(codes), parts, **options_of(image))
    wanted = np.zeros(mask.size, np.float32)
    for element, value in reading.items():
        wanted[element] = image.format.values()[codes[value]]
    assert np.array_equal(bad.load(), wanted.reshape(shape))
    assert sorted(reading) == np.flatnonzero(bad.mask()).tolist()
    assert set(bad.repairs) <= set(storage.repair_kinds())


def test_repairs_are_counted():
    mask = np.zeros((4, 6), bool)
    mask[[0, 1, 1, 3], [5, 0, 2, 4]] = True
    _, coo = stored("coo", mask)
    parts = parts_of(coo)
    assert faulty(coo, {"index.column": [7, 0, 0, 4]}).repairs == {"index_outside": 1, "element_twice": 1}
    assert faulty(coo, {"index.row": [1, 1, 1, 3]}).repairs == {}
    _, csr = stored("csr", mask)
    assert parts_of(csr)["pointer"] == [0, 1, 3, 3, 4]
    assert faulty(csr, {"pointer": [0, 1, 7, 3, 4]}).repairs == {"pointer_outside": 1, "pointer_order": 1}
    _, rle = stored("rle", mask)
    assert parts["index.row"] == [0, 1, 1, 3] and parts_of(rle)["count"] == [5, 0, 1, 13]
    assert faulty(rle, {"count": [5, 15, 1, 13]}).repairs == {"run_outside": 1}
    for restart in ("tensor", "row"):
        _, bitmask = stored({"name": "bitmask", "restart": restart}, mask)
        bits = parts_of(bitmask)["mask"]
        assert faulty(bitmask, {"mask": [1, *bits[1:]]}).repairs == {"mask_more": 1}
        assert faulty(bitmask, {"mask": [*bits[:5], 0, *bits[6:]]}).repairs == {"mask_fewer": 1}


@pytest.mark.parametrize("restart", ["tensor", "row"])
def test_with_row_pointers_a_mask_fault_damages_its_row_only(restart):
    mask = some_mask(storage.layout("bitmask"), 12, 20)
    _, image = stored({"name": "bitmask", "restart": restart}, mask)
    clean = image.load()
    bits = parts_of(image)["mask"]
    most = 0
    for element in range(mask.size):
        wrong = [*bits]
        wrong[element] ^= 1
        rows = np.flatnonzero((faulty(image, {"mask": wrong}).load() != clean).any(axis=1))
        most = max(most, len(rows))
        assert restart == "tensor" or set(rows) <= {element // 20}
    assert most == (12 if restart == "tensor" else 1)


def test_alberts_table_takes_2_016_mb():
    found = storage.bits("bitmask", 30_000, 128, 8, density=0.4)
    assert found == {"values": 12_288_000, "mask": 3_840_000} and sum(found.values()) / 8e6 == 2.016


def test_formulas_worked_by_hand():
    # 800 x 800 at a density of 0.1 in 32-bit values: 64,000 kept; lg 800 = 10, lg 64,001 = 16.
    at = {"rows": 800, "columns": 800, "width": 32, "density": 0.1}
    assert storage.bits("coo", **at) == {"values": 2_048_000, "index.row": 640_000, "index.column": 640_000}
    assert storage.bits("csr", **at) == {"values": 2_048_000, "index": 640_000, "pointer": 801 * 16}
    csb = storage.bits(storage.layout("csb", bank=50), **at)  # 5 of 50 in each of 16 banks a row
    assert csb == {"values": 800 * 16 * 5 * 32, "index": 800 * 16 * 5 * 6}
    # 50 x 50 blocks, 5 a column (250 in all): lg 50 = 6, lg 251 = 8.
    assert storage.bits("cscb", **at) == {"values": 250 * 256 * 32, "index": 250 * 6}
    assert storage.bits("bsr", **at) == {"values": 250 * 256 * 32, "index": 250 * 6, "pointer": 51 * 8}
    assert storage.bits("block_bitmap", **at) == {"values": 250 * 256 * 32, "mask": 2500}
    nm = storage.bits("nm", **at)
    assert nm == {"values": 320_000 * 32, "index": 320_000 * 2}


def test_expected_run_padding_is_that_of_independent_elements():
    rng = np.random.default_rng(3)
    mask = rng.random((400, 500)) < 0.05
    exact = storage.bits("rle", 400, 500, 8, mask=mask)["count"] // 4
    expected = storage.bits("rle", 400, 500, 8, density=mask.mean())["count"] // 4
    # About 8,000 of 18,000 values are padding; five standard deviations of their number are about 500.
    assert abs(exact - expected) < 500


@pytest.mark.parametrize(
    "layout, share",
    [("bitmask", 1 - 1 / 8), ("coo", 8 / (8 + 10 + 10)), ("rle", 1.0), ("dense", 1.0), ("cscb", 0.98)],
)
def test_breakeven_densities(layout, share):
    how = storage.layout("rle", run_bits=1) if layout == "rle" else layout
    found = storage.breakeven(how, 800, 800, 8)
    size = sum(storage.bits(how, 800, 800, 8, density=found).values())
    assert size <= 800 * 800 * 8
    if layout != "rle":
        assert found == pytest.approx(share, abs=2e-6)
    if found < 1 and layout != "cscb":
        assert sum(storage.bits(how, 800, 800, 8, density=found + 2 / 800**2).values()) > 800 * 800 * 8


def test_layouts_of_an_image_are_those_that_made_it():
    for layout in LAYOUTS:
        _, image = stored(layout, some_mask(layout, 24, 36))
        made = image.layout.record()
        assert {k: v for k, v in made.items() if k != "kept"} == {
            k: v for k, v in layout.record().items() if k != "kept"
        }
        again = stored(made, some_mask(layout, 24, 36))[1]
        assert again.bits == image.bits and storage.layout(**made) == image.layout


@pytest.mark.parametrize(
    "layout, sentence",
    [
        ("cssr", r"storage\.layout: layout must be one of bitmask, .*, rle; got 'cssr'"),
        ({"name": "csr", "block": 3}, "options of csr must be among index_bits; got 'block'"),
        ({"name": "dense", "n": 3}, "options of dense must be among none; got 'n'"),
        ({"name": "bsr", "block": 16}, "block of bsr must be two sizes in 1..65536, got 16"),
        ({"name": "bsr", "block": (0, 2)}, "block of bsr must be two sizes"),
        ({"name": "bsr", "block": (1, 2**40)}, "two sizes in 1..65536, got"),
        ({"name": "bsr", "block": (65536, 2)}, "at most 65536 elements, got 131072"),
        ({"name": "bitmask", "restart": "page"}, "must be 'tensor' or 'row', got 'page'"),
        ({"name": "rle", "run_bits": 10**30}, "run_bits of rle must be in 1..65536"),
        ({"name": ["rle"]}, "layout must be one of"),
        ({"name": "rle", 3: 4}, "options of rle must be among run_bits; got '3'"),
        ({"name": "rle", "run_bits": 33}, "run_bits of layout rle must be in 1..32, got 33"),
        ({"name": "rle", "run_bits": 1.5}, "run_bits of rle must be in 1..65536, got 1.5"),
        ({"name": "csr", "index_bits": 2}, "index_bits of layout csr must be in 4..32 for 9 different"),
        ({"name": "nm", "n": 1}, "nm holds 1 values in 4 columns, got 2 in row 0 from column 0 on"),
        ({"name": "csb", "bank": 2, "kept": 3}, "csb must keep at most all 2 columns, got 3"),
        ({"name": "cscb", "block": (1, 3)}, "got 0 in column 1 where 1 are expected"),
        ({"block": 3}, "must be a name, a mapping with key 'name' or a Layout"),
    ],
)
def test_layouts_that_cannot_be_are_refused(layout, sentence):
    mask = np.zeros((2, 9), bool)
    mask[0, :2] = mask[1, 8] = True
    with pytest.raises(ValueError, match=sentence):
        stored(layout, mask)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"density": None}, "one of density and mask"),
        ({"density": 1.5}, r"density must be in 0\.\.1, got 1.5"),
        ({"density": None, "mask": np.zeros((2, 2))}, "mask must be bool of shape"),
        ({"rows": 0}, "must be at least 1, got 0, 8 and 8"),
        ({"ecc": "bch"}, "ecc must be one of parity, secded-39-32, secded-72-64; got 'bch'"),
    ],
)
def test_formulas_refuse(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        storage.bits(**{"layout": "csr", "rows": 8, "columns": 8, "width": 8, "density": 0.5, **change})


@pytest.mark.parametrize("module", ["ecc", "formulas", "image", "layout", "storing"])
def test_examples_run(module):
    found = doctest.testmod(importlib.import_module(f"siliconbert.storage.{module}"))
    assert found.attempted > 0 and found.failed == 0
