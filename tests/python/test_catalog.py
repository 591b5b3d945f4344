"""Every record of the catalogue loads with unit and source, and the loader refuses what lacks them."""

from importlib.resources import files

import pytest

from siliconbert import catalog

KINDS = sorted(
    f.name[:-5] for f in files(catalog).iterdir() if f.name.endswith(".toml") and f.name != "papers.toml"
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_quantity_has_unit_and_source(kind):
    quantities = [
        q
        for record in catalog.records(kind).values()
        for q in record.values()
        if isinstance(q, catalog.Quantity)
    ]
    for quantity in quantities:
        assert quantity.unit
        assert quantity.note if quantity.source == "assumed" else quantity.source in catalog.papers()
        assert quantity.where or quantity.source == "assumed"
        assert quantity.node


def test_every_paper_says_where_it_is():
    for key, paper in catalog.papers().items():
        assert paper["title"] and paper["venue"], key


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match=r"faults.cell: name must be one of rram-mlc2, .*; got 'reram'"):
        catalog.record("cells", "reram", "faults.cell")


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"value": 1, "source": "edgebert_micro2021"}, "unit missing"),
        ({"value": 1, "unit": "ns"}, "source missing"),
        ({"value": 1, "unit": "ns", "source": "assumed"}, "no note gives the reason"),
        ({"value": 1, "unit": "ns", "source": "nobody"}, "a key of papers.toml, got 'nobody'"),
        ({"value": 1, "unit": "ns", "source": "assumed", "why": ""}, "keys must be among"),
        ({"value": 1, "unit": "ns", "source": "edgebert_micro2021"}, "node missing"),
    ],
)
def test_a_quantity_that_lacks_something_is_refused(entry, complaint):
    with pytest.raises(ValueError, match=rf"^cells.toml: x.size: .*{complaint}"):
        catalog._record("cells.toml: x", {"size": entry}, None)


def test_numbers_of_silicon_name_their_node():
    for kind in ("accelerators", "cells", "memories", "processors"):
        assert {q.node for _, _, q in catalog.quantities(kind)} <= {
            "any", "not stated", "12 nm", "14 nm", "16 nm", "22 nm", "28 nm"
        }  # fmt: skip
    read = next(q for name, key, q in catalog.quantities("cells") if key == "read_energy")
    assert read.node == "22 nm"
