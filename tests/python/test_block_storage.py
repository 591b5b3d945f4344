"""Storage of pruned matrices: encodings against formulas, and which layout needs the fewest indices."""

import numpy as np
import pytest

from siliconbert import report, storage
from siliconbert.campaign import block_storage
from siliconbert.campaign.block_storage import bitmap_wins_below, encoded
from siliconbert.campaign.setup import Call

SPARSE = ("coo", "csr", "rle", "bitmask", "csb", "bsr", "block_bitmap", "cscb")
PAPER = [(800, 800), (800, 200), (200, 800)]
PLAN = block_storage.Plan(
    shapes={"a": (64, 96), "b": (96, 70)},
    small=("a",),
    swept=(48, 64),
    ratio=0.75,
    block=(8, 8),
    width=8,
    ratios=(0.5, 0.75),
    blocks=(4, 8),
    widths={4: "int4", 8: "int8"},
)


@pytest.mark.parametrize("shape", PAPER, ids=str)
def test_cscb_has_the_fewest_index_bits_at_the_papers_sizes(shape):
    weight = np.random.default_rng(1).standard_normal(shape, np.float32)
    index = {name: encoded(weight, name, 0.9, (16, 16), "int8").index for name in SPARSE}
    assert min(index, key=index.get) == "cscb"
    kept, columns = max(1, shape[0] // 16 // 10), -(-shape[1] // 16)
    assert index["cscb"] == kept * columns * (-(-shape[0] // 16) - 1).bit_length()


def test_cscb_has_the_fewest_index_bits_of_the_decoder_by_formula():
    bits = {name: storage.bits(name, 800, 28_785, 32, density=0.1) for name in SPARSE}
    index = {name: sum(b.values()) - b["values"] for name, b in bits.items()}
    assert min(index, key=index.get) == "cscb" and index["cscb"] == 1800 * 5 * 6


def test_another_size_than_the_formula_is_an_error(monkeypatch):
    monkeypatch.setattr(block_storage.storage, "bits", lambda *a, **k: {"values": 1})
    with pytest.raises(RuntimeError, match=r"bits of cscb must be \{'values': 1\}, the encoding has"):
        encoded(np.ones((16, 16), np.float32), "cscb", 0.5, (4, 4), "int8")


def test_a_block_bitmap_wins_where_an_index_costs_more_than_a_bit_of_every_block():
    # 50 block rows: 6 bits an index against 50 bits a column, so from 9 kept blocks on.
    assert bitmap_wins_below((800, 80), (16, 16), "int8") == pytest.approx(1 - 9 / 50)
    assert bitmap_wins_below((32, 32), (32, 32), "int8") == 0


def test_the_table_has_every_layout_and_the_figures_every_point():
    outcome = block_storage.run("cbbp/storage", Call(), PLAN)
    rows = {m.row for m in outcome.measurements}
    assert rows == {f"{shape} {name}" for shape in ("a", "b") for name in SPARSE}
    assert [f.name for f in outcome.figures] == ["ratio", "width", "block"]
    for figure in outcome.figures:
        assert set(figure.series) == set(SPARSE) - {"coo"}
        assert all(len(x) == 2 and (y > 0).all() for x, y in figure.series.values())
    assert "at a" in outcome.header[-1] and "at b" in outcome.header[-1]
    quick = block_storage.run("cbbp/storage", Call(quick=True), PLAN)
    assert {m.row.split()[0] for m in quick.measurements} == {"a"}


def test_the_papers_counts_of_indices_are_met_and_the_figures_drawn(tmp_path):
    outcome = report.experiments.load("cbbp/storage").run(Call(quick=True))
    made = report.make(outcome, tmp_path)
    compared = [cell for cell in made.cells if cell.paper is not None]
    assert len(compared) == 3 and all(cell.agrees for cell in compared)
    assert len(made.files) == 1 + 3 * 2
