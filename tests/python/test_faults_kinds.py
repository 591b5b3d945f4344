"""Faults by name: options, records, labels, and the one sentence for what is wrong."""

import pytest

from siliconbert import faults

EXAMPLES = {
    "activation_flip": {"rate": 1e-7, "places": ["layer.3"], "fields": ["sign"]},
    "bit_flip": {"rate": 1e-6, "bits": [7], "regions": ["values"]},
    "cell_misread": {"adjacent_only": True, "counts": "truncated", "hours": 10},
    "mixed": {"parts": ["cell_misread", {"kind": "stuck_at", "rate": 1, "value": 0}]},
    "stuck_at": {"rate": 0.5, "value": 1, "fields": "exponent"},
}


@pytest.mark.parametrize("kind", faults.kinds())
def test_records_come_back(kind):
    fault = faults.make(kind, **EXAMPLES[kind])
    record = faults.to_record(fault)
    assert record["kind"] == kind and faults.from_record(record) == fault
    assert hash(fault) == hash(faults.from_record(record))
    assert faults.to_record(faults.from_record(record)) == record
    assert "\n" not in fault.label and len(fault.label) > 10


def test_a_kind_alone_is_a_record_too():
    assert faults.from_record("cell_misread") == faults.CellMisread()


def test_numbers_may_be_text_as_yaml_reads_them():
    assert faults.from_record({"kind": "bit_flip", "rate": "1e-6"}) == faults.BitFlip(1e-6)
    with pytest.raises(ValueError, match="rate must be a number"):
        faults.make("bit_flip", rate="1e-6")


def test_emulation_and_assumptions_are_in_the_label():
    assert "emulates nvmFI" in faults.CellMisread(counts="truncated").label
    assert "emulates nvmFI" in faults.CellMisread(adjacent_only=True).label
    assert "assumed" in faults.CellMisread(hours=1).label
    assert "assumed" not in faults.CellMisread().label and "nvmFI" not in faults.CellMisread().label


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ("flip", "faults.make: kind must be one of activation_flip, .*; got 'flip'"),
        (3, "faults.from_record: record must be a kind's name or a mapping with a kind, got 3"),
        ({"rate": 1}, "record must be a kind's name or a mapping with a kind"),
        ({"kind": ["bit_flip"]}, "record must be a kind's name or a mapping with a kind"),
        ({"kind": "bit_flip", "rat": 1}, "bit_flip must have options among .*; got 'rat'"),
        ({"kind": "bit_flip", 1: 1}, "bit_flip must have options among .*; got '1'"),
        ("stuck_at", "faults.make: stuck_at must be given rate, value; got {}"),
        ("bit_flip", "BitFlip: either rate or count must be given"),
        ({"kind": "bit_flip", "rate": 1, "count": 1}, "BitFlip: either rate or count"),
        ({"kind": "bit_flip", "rate": "often"}, "BitFlip: rate must be a number in 0..1, got 'often'"),
        ({"kind": "bit_flip", "rate": float("nan")}, "BitFlip: rate must be a number in 0..1, got nan"),
        ({"kind": "bit_flip", "rate": True}, "BitFlip: rate must be a number in 0..1, got True"),
        ({"kind": "bit_flip", "count": -1}, "BitFlip: count must be a whole number in 0.."),
        (
            {"kind": "bit_flip", "rate": 1, "fields": ["signs"]},
            "fields must be among sign, exponent, mantissa",
        ),
        ({"kind": "bit_flip", "rate": 1, "fields": []}, "fields must be None or at least one name"),
        ({"kind": "bit_flip", "rate": 1, "regions": [3]}, "regions must be None or at least one name"),
        ({"kind": "bit_flip", "rate": 1, "bits": []}, "bits must be None or at least one position"),
        ({"kind": "bit_flip", "rate": 1, "bits": [32]}, "bits must be a whole number in 0..31, got 32"),
        ({"kind": "bit_flip", "rate": 1, "bits": 1, "fields": "sign"}, "fields and bits must not both"),
        ({"kind": "stuck_at", "rate": 1, "value": 2}, "StuckAt: value must be a whole number in 0..1, got 2"),
        ({"kind": "cell_misread", "counts": "exact"}, "counts must be 'binomial' or 'truncated'"),
        ({"kind": "cell_misread", "hours": -1}, "hours must be a number from 0 on, got -1"),
        ({"kind": "cell_misread", "hours": float("inf")}, "hours must be a number from 0 on, got inf"),
        ({"kind": "cell_misread", "adjacent_only": 1}, "adjacent_only must be True or False, got 1"),
        ({"kind": "activation_flip", "rate": 2}, "ActivationFlip: rate must be a number in 0..1, got 2"),
        ({"kind": "mixed", "parts": []}, "Mixed: parts must be at least one fault"),
        ({"kind": "mixed", "parts": 7}, "Mixed: parts must be at least one fault"),
        ({"kind": "mixed", "parts": [7]}, "Mixed: parts must be at least one fault"),
        ({"kind": "mixed", "parts": ["x"]}, "kind must be one of"),
    ],
    ids=str,
)
def test_wrong_records_are_one_sentence(record, complaint):
    with pytest.raises(ValueError, match=complaint) as error:
        faults.from_record(record)
    assert "\n" not in str(error.value)


def test_only_faults_have_records():
    with pytest.raises(ValueError, match=r"faults.to_record: fault must be of one of .*; got 3"):
        faults.to_record(3)


def test_places_that_a_network_lacks_are_refused():
    known = ["embeddings", "layer.1.query", "layer.2.query", "main.token"]
    flips = faults.ActivationFlip(0.0, ["layer.2", "layer.*.query", "embeddings"])
    faults.check_places(faults.Mixed([faults.BitFlip(0.1), flips]), known, "x")
    for wrong in ("layer.3", "query", "main.token.x"):
        mixed = faults.Mixed([flips, faults.ActivationFlip(0.1, ["main", wrong])])
        with pytest.raises(ValueError, match=rf"x: places .* embeddings, layer.\*.query, .*; got '{wrong}'"):
            faults.check_places(mixed, known, "x")
