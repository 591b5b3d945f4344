"""Error-correcting codes: the core against its twin, every single and double error, and filters on events."""

import itertools

import numpy as np
import pytest

from siliconbert import _core, faults, formats, storage
from siliconbert.reference import ecc as twin

CODES = storage.ecc_codes()
SECDED = [name for name in CODES if name.startswith("secded")]


def bits_of(number, count):
    return [number >> i & 1 for i in range(count)]


def number_of(bits):
    return sum(bit << i for i, bit in enumerate(bits))


def region_bits(codes):
    return [bit for code in codes.values().tolist() for bit in bits_of(code, codes.width)]


def one_word(code, data):
    """An image whose values are one word of data."""
    size = CODES[code].data_bits
    cells = _core.base.CellMap("rram-slc", [7, 6, 5, 4, 3, 2, 1, 0], [1] * 8)
    values = _core.base.Codes([number_of(data[i : i + 8]) for i in range(0, size, 8)], 8)
    check = _core.storage.check_bits(values, code)
    width = CODES[code].check_bits
    order = list(range(width - 1, -1, -1))
    where = _core.base.CellMap("rram-slc", order, [1] * width)
    regions = [
        _core.base.Region("values", values, cells),
        _core.base.Region("values.check", check, where, [], code),
    ]
    return _core.base.CodeImage("w", 1, size // 8, regions), check


def with_flips(image, code, flips):
    """The image with these bits of its codeword wrong, and the events that made it so."""
    size = CODES[code].data_bits
    events = []
    for bit in flips:
        region, at = (0, bit) if bit < size else (1, bit - size)
        width = image.regions[region].codes.width
        cell = at // width * width + width - 1 - at % width
        stored = image.regions[region].level(cell)
        events.append((region, cell, stored, 1 - stored))
    events = np.array(sorted(events), EVENT)
    bad = image.copy()
    bad.apply(events)
    return bad, events


EVENT = np.dtype([("region", "<u4"), ("cell", "<u8"), ("stored", "u1"), ("read", "u1")], align=True)


def data_and_check(image):
    return tuple(region_bits(region.codes) for region in image.regions)


@pytest.mark.parametrize("code", CODES)
def test_check_bits_are_the_twins(code):
    rng = np.random.default_rng(1)
    make = twin.parity_bits if code == "parity" else twin.check_bits
    for width, count in ((8, 8), (8, 37), (5, 100), (1, 65), (7, 0)):
        values = _core.base.Codes(rng.integers(0, 2**width, count), width)
        words = twin.words(region_bits(values), CODES[code].data_bits)
        found = _core.storage.check_bits(values, code).values().tolist()
        assert found == [number_of(make(word)) for word in words]
        assert all(len(make(word)) == CODES[code].check_bits for word in words)


@pytest.mark.parametrize("code", SECDED)
def test_every_single_error_is_corrected_and_every_double_one_detected(code):
    data = np.random.default_rng(2).integers(0, 2, CODES[code].data_bits).tolist()
    clean, _ = one_word(code, data)
    bits = sum(CODES[code])
    for bit in range(bits):
        bad, events = with_flips(clean, code, [bit])
        fixed, counts = _core.storage.corrected(bad)
        assert fixed == clean and counts["values"]["corrected"] == 1
        left, counts = _core.storage.after_ecc(clean, events)
        assert len(left) == 0
        assert counts["values"] == {"corrected": 1, "detected": 0, "miscorrected": 0, "silent": 0}
    for pair in itertools.combinations(range(bits), 2):
        bad, events = with_flips(clean, code, pair)
        fixed, counts = _core.storage.corrected(bad)
        assert fixed == bad and counts["values"]["detected"] == 1 and counts["values"]["corrected"] == 0
        left, counts = _core.storage.after_ecc(clean, events)
        assert left.tolist() == events.tolist() and counts["values"]["detected"] == 1


@pytest.mark.parametrize("code", CODES)
def test_three_and_more_errors_read_as_the_twin_says(code):
    rng = np.random.default_rng(3)
    clean, _ = one_word(code, rng.integers(0, 2, CODES[code].data_bits).tolist())
    decode = twin.decode_parity if code == "parity" else twin.decode
    miscorrected = 0
    for trial in range(600):
        flips = rng.choice(sum(CODES[code]), size=3 + trial % 4, replace=False)
        bad, events = with_flips(clean, code, flips.tolist())
        wanted = decode(*data_and_check(bad))
        fixed, counts = _core.storage.corrected(bad)
        assert data_and_check(fixed) == (wanted.data, wanted.check)
        assert counts["values"]["corrected"] == wanted.corrected
        assert counts["values"]["detected"] == wanted.detected
        left, truth = _core.storage.after_ecc(clean, events)
        again = clean.copy()
        again.apply(left)
        assert again == fixed
        wrong = wanted.data != data_and_check(clean)[0]
        assert truth["values"]["miscorrected"] == (wanted.corrected and wrong)
        assert truth["values"]["silent"] == (wrong and not wanted.corrected and not wanted.detected)
        miscorrected += truth["values"]["miscorrected"]
    assert (miscorrected > 50) == (code != "parity")


def stored(ecc, cells=None, gray=False):
    rng = np.random.default_rng(4)
    w = rng.normal(size=(60, 50)).astype(np.float32)
    cells = cells or {"values": "rram-mlc3", "*": "rram-mlc2"}
    mask = rng.random(w.shape) < 0.4
    return storage.store(w, mask, formats.get("adaptivfloat8"), "bitmask", cells, ecc, gray=gray)


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("ecc", [*CODES, {"values": "secded-39-32", "mask": "parity"}])
def test_reading_a_faulty_image_corrects_it_first(ecc, gray):
    image = stored(ecc, gray=gray)
    before = after = 0
    for trial in range(20):
        bad, events = faults.inject(image, faults.CellMisread(), 1, trial)
        left, counts = storage.after_ecc(image, events)
        read = image.image.copy()
        read.apply(left)
        assert bad.corrected().image == read
        assert {r: (c["corrected"], c["detected"]) for r, c in counts.items()} == {
            r: (c["corrected"], c["detected"]) for r, c in bad.ecc.items()
        }
        wanted = storage.Image(read, image.format, image.kept)
        assert np.array_equal(bad.load(), wanted.load()) and np.array_equal(bad.mask(), wanted.mask())
        before, after = before + len(events), after + len(left)
    assert before > 100
    assert (after < before) == (ecc != "parity")


def test_check_bits_lie_beside_what_they_protect():
    image = stored({"values": "secded-72-64", "mask": "parity"})
    assert list(image.bits) == ["values", "mask", "parameters", "values.check", "mask.check"]
    assert image.bits["values.check"] == -(-image.bits["values"] // 64) * 8
    assert image.bits["mask.check"] == 48  # 47 words; two bits share a cell
    cells = {region.name: region.map.cell for region in image.image.regions}
    assert cells["values.check"] == "rram-mlc3" and cells["mask.check"] == "rram-mlc2"
    named = {"values": "rram-mlc3", "values.check": "rram-slc", "*": "rram-slc"}
    moved = stored("secded-72-64", named)
    assert {r.name: r.map.cell for r in moved.image.regions}["values.check"] == "rram-slc"
    assert stored(None).ecc == {} and stored("parity").ecc["mask"] == {"corrected": 0, "detected": 0}


def test_planes_have_codes_of_their_own():
    image = stored({"values.exponent": "secded-39-32", "*": None})
    exponent = image.bits["values.exponent"]
    assert image.bits["values.exponent.check"] == -(-exponent // 32) * 7
    assert set(image.ecc) == {"values.exponent"}


def test_events_outside_the_image_are_refused():
    image = stored("parity")
    for event in ((9, 0, 0, 1), (0, 10**6, 0, 1), (0, 0, 0, 8)):
        with pytest.raises(ValueError, match="after_ecc: events must name"):
            storage.after_ecc(image, np.array([event], EVENT))
