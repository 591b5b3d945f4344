"""Cells of the catalogue and of users: widening, neighbouring levels, files that nobody has checked."""

import math
from importlib.resources import files

import numpy as np
import pytest

from siliconbert import catalog, faults, formats, storage
from siliconbert.faults import cells as known_cells

PCM = """
[{name}]
level_means = [0.0, 0.3, 0.6, 1.0]
level_sigmas = [0.05, 0.05, 0.06, 0.04]
source = "measured on a test chip"
area_density = {{ value = 0.1, unit = "mm^2/MB" }}
read_latency = 3
fewer_bits = "rram-slc"
"""


@pytest.fixture
def forget():
    """Takes back what a test has loaded."""
    yield
    catalog._ADDED.clear()
    known_cells.cell.cache_clear()


def write(tmp_path, text, name="own.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_widening_is_a_law_in_log_time():
    cell = faults.cell("rram-mlc2")
    assert cell.sigmas_after(0) == cell.sigmas
    growth = 1 + cell.widening_per_decade * math.log10(1 + 999 / cell.widening_start_hours)
    np.testing.assert_allclose(cell.sigmas_after(999), np.array(cell.sigmas) * growth)
    assert catalog.records("cells")["rram-mlc2"]["widening"].source == "assumed"
    off_diagonal = ~np.eye(4, dtype=bool) & (cell.transitions() > 0)
    assert (cell.transitions(hours=999)[off_diagonal] > cell.transitions()[off_diagonal]).all()


def test_the_thresholds_stay_while_sigmas_widen():
    cell = faults.cell("rram-mlc2")
    z = (cell.thresholds()[1] - cell.means[1]) / cell.sigmas_after(1e4)[1]
    assert cell.transitions(adjacent_only=True, hours=1e4)[1, 2] == pytest.approx(math.erfc(z / 2**0.5) / 2)


@pytest.mark.parametrize("name", faults.names())
def test_neighbouring_levels_take_the_whole_tail(name):
    cell = faults.cell(name)
    every, near = cell.transitions(), cell.transitions(adjacent_only=True)
    for level in range(cell.levels):
        for side, step in ((slice(level), -1), (slice(level + 1, None), 1)):
            if 0 <= level + step < cell.levels:
                assert near[level, level + step] == pytest.approx(every[level, side].sum(), rel=1e-9)
    distance = np.abs(np.subtract.outer(np.arange(cell.levels), np.arange(cell.levels)))
    assert (near[distance > 1] == 0).all()
    np.testing.assert_allclose(near.sum(axis=1), 1, rtol=1e-15)


def test_a_cell_from_toml_stores_and_faults(tmp_path, forget):
    assert faults.load_cells(write(tmp_path, PCM.format(name="pcm"))) == ["pcm"]
    cell = faults.cell("pcm")
    assert (cell.bits, cell.area_mm2_per_mb, cell.read_latency_ns) == (2, 0.1, 3)
    assert math.isnan(cell.read_energy_pj_per_bit) and "pcm" in faults.names()
    w = np.random.default_rng(0).normal(size=(60, 40))
    image = storage.store(
        w, np.ones(w.shape, bool), formats.get("adaptivfloat8"), "dense", {"values": "pcm", "*": "rram-slc"}
    )
    assert image.cells["values"] == 4 * w.size
    _, events = faults.inject(image, faults.CellMisread(), 1, 0)
    mean = faults.expected(image, faults.CellMisread())["values"]
    assert abs(len(events) - mean) < 5 * math.sqrt(mean)  # five sigma


def test_cells_from_csv(tmp_path, forget):
    text = "name,level,mean,sigma,source\n" + "".join(f"own,{i},{i / 3},0.05,chip\n" for i in range(4))
    assert faults.load_cells(write(tmp_path, text, "own.csv")) == ["own"]
    assert faults.cell("own").sigmas == (0.05,) * 4 and faults.cell("own").source == "chip"
    plain = "level,name,sigma,mean\n0,b,.1,0\n1,b,.1,1\n"
    assert faults.load_cells(write(tmp_path, plain, "plain.csv")) == ["b"]
    assert faults.cell("b").source == "plain.csv"


def test_a_cell_without_fewer_bits_holds_all_its_bits_only(tmp_path, forget):
    text = "name,level,mean,sigma\n" + "".join(f"own,{i},{i / 7},0.01\n" for i in range(8))
    faults.load_cells(write(tmp_path, text, "own.csv"))
    w = np.ones((3, 3))
    image = storage.store(w, w > 0, formats.get("adaptivfloat8"), "dense", {"*": "own"})
    with pytest.raises(
        ValueError, match="region values puts 2 bits into a cell own, which has no level stat"
    ):
        faults.inject(image, faults.CellMisread(), 1, 0)


def test_the_same_file_twice_and_a_copy_of_the_catalogue(tmp_path, forget):
    path = write(tmp_path, PCM.format(name="pcm"))
    assert faults.load_cells(path) == faults.load_cells(path) == ["pcm"]
    shipped = files(catalog).joinpath("cells.toml").read_text(encoding="utf-8")
    before = faults.cell("rram-mlc3")
    assert "rram-mlc3" in faults.load_cells(write(tmp_path, shipped, "copy.toml"))
    assert faults.cell("rram-mlc3") == before


def test_a_known_name_keeps_its_numbers_and_nothing_is_loaded(tmp_path, forget):
    text = PCM.format(name="new") + PCM.format(name="rram-mlc2")
    with pytest.raises(ValueError, match=r"own.toml: rram-mlc2: name must be new, or have the numbers it"):
        faults.load_cells(write(tmp_path, text))
    assert "new" not in faults.names()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[0.0, 0.3, 0.6, 1.0]", "[0.0, 0.6, 0.3, 1.0]", "own.toml: pcm: Cell: means must ascend"),
        ("[0.0, 0.3, 0.6, 1.0]", "[0.0, 0.3, 1.0]", "a cell must have 2, 4, 8, ... 256 levels, got 3"),
        ("[0.0, 0.3, 0.6, 1.0]", "7", "pcm.level_means: must be a list of numbers, got 7"),
        ("[0.0, 0.3, 0.6, 1.0]", "[0.0, nan, 0.6, 1.0]", "level_means: must be a list of numbers"),
        ("[0.0, 0.3, 0.6, 1.0]", '[0.0, "a", 0.6, 1.0]', "level_means: must be a list of numbers"),
        ("[0.05, 0.05, 0.06, 0.04]", "[0.05, 0.05, 0.06]", "one entry per level, .*; got 4 and 3"),
        ("[0.05, 0.05, 0.06, 0.04]", "[0.05, 0.0, 0.06, 0.04]", "sigmas must be positive, got 0"),
        ('source = "measured on a test chip"', "", "own.toml: pcm: source missing"),
        ('source = "measured on a test chip"', "source = 3", "pcm.source: must be text, got 3"),
        ("read_latency = 3", "read_latency = -3", "pcm.read_latency: must be a number, not negative, got -3"),
        (
            "read_latency = 3",
            "read_latency = true",
            "pcm.read_latency: must be a number, not negative, got True",
        ),
        (
            "read_latency = 3",
            "widening_start = 0",
            "pcm.widening_start: must be a number, not negative, got 0",
        ),
        ("read_latency = 3", "latency = 3", "keys among .*; got 'latency'"),
        ("read_latency = 3", "bits = 3", "pcm.bits: must be 2 for 4 levels, got 3"),
        ('unit = "mm^2/MB"', 'unit = "mm^2"', "pcm.area_density: unit must be 'mm\\^2/MB', got 'mm\\^2'"),
        ('"rram-slc"', '"rram"', "pcm.fewer_bits: must be the name of a known cell, got 'rram'"),
        ('"rram-slc"', '"rram-mlc2"', "pcm.fewer_bits: must name a cell of 1 bits, rram-mlc2 has 2"),
        ("[pcm]", '["*"]', "name must be letters, digits"),
        ("[pcm]", "[pcm", "own.toml: the file must be TOML"),
        ("[pcm]", "pcm = 3\n[x]", "a cell must be a table with keys among .*; got 3"),
    ],
)
def test_wrong_toml_is_one_sentence(tmp_path, forget, old, new, complaint):
    text = PCM.format(name="pcm")
    assert old in text
    with pytest.raises(ValueError, match=complaint) as error:
        faults.load_cells(write(tmp_path, text.replace(old, new)))
    assert "\n" not in str(error.value) and faults.names() == ["rram-mlc2", "rram-mlc3", "rram-slc"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "own.csv: columns must be name, level, mean, sigma and perhaps source, got none"),
        ("name,level,mean\n", "columns must be .*, got name, level, mean"),
        ("name,level,mean,sigma\n", "own.csv: the file must hold at least one cell, got none"),
        (
            "name,level,mean,sigma\na,0,0,1\na,2,1,1\n",
            "own.csv: line 3: level must be 1, the next of a, got '2'",
        ),
        ("name,level,mean,sigma\na,0,x,1\n", "own.csv: line 2: mean must be a number, got 'x'"),
        ("name,level,mean,sigma\na,0,0\n", "own.csv: line 2: a row must have one field a column"),
        ("name,level,mean,sigma\na,0,0,1,2\n", "own.csv: line 2: a row must have one field a column"),
        ("name,level,mean,sigma\na,0,0,inf\na,1,1,1\n", "own.csv: a.level_sigmas: must be a list of numbers"),
        ('name,level,mean,sigma\n"a,0,0,1\n', "own.csv: line .: the file must be CSV"),
    ],
)
def test_wrong_csv_is_one_sentence(tmp_path, forget, text, complaint):
    with pytest.raises(ValueError, match=complaint) as error:
        faults.load_cells(write(tmp_path, text, "own.csv"))
    assert "\n" not in str(error.value)


def test_wrong_files_are_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"path must end in .toml or .csv, got '.*x.json'"):
        faults.load_cells(tmp_path / "x.json")
    with pytest.raises(ValueError, match=r"faults.load_cells: path must be a readable text file: "):
        faults.load_cells(tmp_path / "none.toml")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"faults.load_cells: path must be a readable text file: "):
        faults.load_cells(tmp_path / "bytes.csv")
    deep = write(tmp_path, "a = " + "[" * 5000 + "]" * 5000, "deep.toml")
    with pytest.raises(ValueError, match=r"deep.toml: the file must be TOML"):
        faults.load_cells(deep)
