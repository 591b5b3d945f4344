"""Sensitivity maps and the explanation of a trial, on a small network that hangs on its word table."""

from functools import cache

import numpy as np
import pytest

from siliconbert import campaign, faults, formats
from siliconbert.campaign.sensitivity_map import Loss, Sensitivity, Stratum, strata
from siliconbert.campaign.statistics import Interval
from siliconbert.data import Data
from siliconbert.report import figures
from small_models import ALBERT, sentences, small_model

TENSOR = "embeddings.word"


@cache
def model():
    return small_model().pruned({TENSOR: 0.4})


@cache
def data():
    """Sentences labelled with what the stored model says, so that faults can only lose."""
    ids = sentences(ALBERT, np.random.default_rng(3).integers(2, 9, 120))
    stored = model().store(TENSOR, "adaptivfloat8")
    labels = stored.trace(ids).logits[:, -1].argmax(axis=1).tolist()
    return Data("small", "dev", tuple(ids), tuple(labels), ALBERT.classes, "made here")


@cache
def stored(cell="rram-mlc3"):
    return model().store(TENSOR, "adaptivfloat8", cells={"values": cell, "*": "rram-slc"})


def test_strata_cover_every_stored_bit_once():
    bits = sum(stored().image.bits.values())
    for by in ("bit", "field", "region"):
        assert sum(part.bits for part in strata(stored(), by)) == bits
    labels = [part.label for part in strata(stored(), "bit")]
    assert len(labels) == len(set(labels)) == 10
    assert {"sign", "exponent 3", "mantissa 0", "mask", "parameters"} <= set(labels)
    assert [part.label for part in strata(stored(), "tensor")] == [TENSOR]


def test_flips_fall_into_their_stratum_only():
    image = stored().image
    clean = image.load()
    for part in strata(stored(), "field"):
        bad, events = faults.inject(image, part.fault(5), seed=1, trial=0)
        regions = {image.image.regions[number].name for number in events["region"]}
        assert regions == {part.region} and len(events) <= 5
        if part.label == "sign":
            changed = bad.load() != clean
            assert changed.sum() == 5 and (bad.load()[changed] == -clean[changed]).all()


def test_the_highest_exponent_bit_hurts_more_than_the_lowest_mantissa_bit():
    found = campaign.sensitivity(model(), data(), fmt="adaptivfloat8", flips=40, trials=12, threads=2)
    assert found["exponent 3"].loss.low > found["mantissa 0"].loss.high
    assert found.ranked()[-1].loss.value <= found["mantissa 0"].loss.value
    assert found["parameters"].flips == 8 and found.clean == 1.0
    again = campaign.sensitivity(model(), data(), fmt="adaptivfloat8", flips=40, trials=12, threads=1)
    assert again == found


def test_flips_are_as_many_as_still_add_up():
    told = []
    found = campaign.sensitivity(
        model(), data(), by="field", fmt="adaptivfloat8", trials=4, threads=2, progress=told.append
    )
    assert told == [each.stratum.label for each in found.losses]
    assert found["exponent"].flips < found["mantissa"].flips <= found["mantissa"].stratum.bits
    assert found["exponent"].per_flip.value > found["mantissa"].per_flip.value


def test_several_tensors_are_told_apart():
    names = (TENSOR, "layers.0.query", "layers.1.query")
    names = [name for name in model().matrices() if name in names or ".query" in name][:3]
    found = campaign.sensitivity(
        model(), data(), names, "tensor", "adaptivfloat8", flips=200, trials=2, threads=2
    )
    assert [each.stratum.tensor for each in found.losses] == names
    assert set(found.layers()) <= {"embeddings", "layers.0", "layers.1", "layers.2", "layers.3"}


def test_a_layer_is_the_mean_of_its_bits():
    def loss(tensor, bits, value):
        return Loss(Stratum(tensor, tensor, "values", bits), 10, Interval(value, value, value))

    found = Sensitivity(
        (loss("layers.3.query", 10, 0.1), loss("layers.3.key", 30, 0.5), loss("x", 1, 0.0)), 1, 2, 0
    )
    assert found.layers() == pytest.approx({"layers.3": (10 * 0.01 + 30 * 0.05) / 40, "x": 0.0})
    assert [each.stratum.tensor for each in found.ranked()] == ["layers.3.key", "layers.3.query", "x"]
    with pytest.raises(KeyError, match=r"label must be one of layers.3.query, layers.3.key, x; got 'y'"):
        found["y"]


def test_the_figure_has_names_and_intervals(tmp_path):
    found = campaign.sensitivity(
        model(), data(), by="region", fmt="adaptivfloat8", flips=20, trials=2, threads=2
    )
    figure = found.figure()
    assert figure.labels == ("values", "mask", "parameters")
    low, high = figure.errors["mean loss"]
    assert (low <= figure.series["mean loss"]).all() and (figure.series["mean loss"] <= high).all()
    assert [path.suffix for path in figures.save(figure, tmp_path / "map")] == [".pdf", ".png"]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"by": "word"}, "by must be one of bit, field, region, tensor; got 'word'"),
        ({"trials": 1}, "trials must be at least 2, got 1"),
        ({"tensor": "layers"}, "tensor must be one of"),
    ],
)
def test_wrong_arguments_are_named(options, match):
    with pytest.raises(ValueError, match=match):
        campaign.sensitivity(model(), data(), fmt="adaptivfloat8", **options)


def test_an_explanation_agrees_with_the_trial_itself():
    clean = stored().trace(data())
    trials = stored().trials(faults.CellMisread(), data(), clean=clean, seed=2, trials=range(30), threads=2)
    worst = int(trials.correct.argmin())
    found = campaign.explain(stored(), faults.CellMisread(), data(), 2, worst, clean)
    assert sum(found.cells.values()) == trials.events[worst]
    assert found.correct == trials.correct[worst] == len(data()) - found.lost + found.won
    bad, _ = faults.inject(stored(), faults.CellMisread(), 2, worst)
    before, after = stored().tensors[TENSOR], bad.tensors[TENSOR]
    assert found.rows == (before != after).any(axis=1).sum()
    for change in found.changes:
        assert before[change.row, change.column] == np.float32(change.before) != np.float32(change.after)
    for suspect in found.suspects:
        uses = np.array([suspect.row in ids for ids in data().sentences])
        lost = clean.correct(data().labels)[:, -1] & ~bad.trace(data()).correct(data().labels)[:, -1]
        assert suspect.sentences == uses.sum() and suspect.wrong == (uses & lost).sum() > 0
    codes = [formats.encode(values[before != 0], stored().image.format) for values in (before, after)]
    assert found.moved == 0 and found.fields["sign"].values == ((codes[0] ^ codes[1]) >> 7).sum()
    assert max(field.regained for field in found.fields.values()) > 0
    text = found.lines()
    assert f"trial {worst}: {100 * found.correct / 120:.2f} %" in text[0] and len(text) == 5
    first, second = found.brief()
    assert first == text[0]
    for name, x in found.fields.items():
        assert f"{name} of {x.values} values {x.regained:+d}" in second
    assert all(f"{x.token!r} {x.regained:+d}" in second for x in found.suspects)


def test_an_explanation_of_nothing():
    slc = stored("rram-slc")
    found = campaign.explain(slc, faults.CellMisread(), data(), 0, 0, slc.trace(data()))
    assert not found.cells and not found.changes and not found.suspects and found.lost == found.rows == 0
    assert any("none" in line for line in found.lines()) and "rows of none" in found.brief()[1]
