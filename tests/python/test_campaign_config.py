"""Campaign files: what they may say, and one sentence for everything else."""

from pathlib import Path

import pytest

from siliconbert import campaign
from siliconbert.campaign import config, grid

GOOD = """
models: [a]
tasks: [sst2]
cells: [rram-mlc2]
"""


def read(tmp_path, text):
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    return config.read(path)


def test_defaults_are_resolved(tmp_path):
    found = read(tmp_path, GOOD)
    assert found.cells == [{"*": "rram-mlc2"}]
    assert found.tasks[0].split == "dev" and found.trials.most == 100 and found.trials.width is None
    assert config.parse(found.model_dump(mode="json")) == found, "the stored copy reads back as itself"


def test_numbers_with_an_exponent_are_numbers(tmp_path):
    found = read(tmp_path, GOOD + "faults: [{kind: bit_flip, rate: 1e-6}]\n")
    assert found.faults[0]["rate"] == 1e-6


def test_quick_bounds_trials_and_sentences(tmp_path):
    found = read(tmp_path, GOOD + "quick: true\nsentences: 1000\ntrials: {most: 5000, width: 0.01}\n")
    assert found.trials.most == 10 and found.sentences == 400 and found.trials.width == 0.01


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD + "modles: [b]\n", "keys of the file must be one of models, tasks,"),
        (GOOD + "modles: [b]\n", "(did you mean models?); got 'modles'"),
        (GOOD + "trials: {most: 10, widht: 0.1}\n", "keys of trials must be one of most, width"),
        (GOOD + "trials: ten\n", "trials.most must be a whole number, got 'ten'"),
        (GOOD + "trials: true\n", "trials.most must be a whole number, got True"),
        (GOOD + "trials: 0\n", "trials.most must be at least 1, got 0"),
        (GOOD + "trials: {most: 10, width: 0}\n", "trials.width must be above 0, got 0"),
        (GOOD + "trials: {width: 0.1}\n", "trials.most must be given, got nothing"),
        (GOOD + "seed: 1.5\n", "seed must be a whole number, got 1.5"),
        (GOOD + "seed: .nan\n", "seed must be a whole number, got nan"),
        (GOOD + "quick: yes please\n", "quick must be true or false, got 'yes please'"),
        (GOOD + "formats: []\n", "formats must be a list of at least 1, got []"),
        (GOOD + "formats: adaptivfloat8\n", "formats must be a list, got 'adaptivfloat8'"),
        (GOOD + "formats: [adaptivfloat99]\n", "formats.0: formats.get: name must be one of"),
        (GOOD + "layouts: [bitmsk]\n", "layouts.0"),
        (GOOD + "faults: [{kind: bit_flip, rate: 2}]\n", "faults.0: BitFlip: rate must be"),
        (GOOD + "faults: [cell_misread, cell_misread]\n", "faults.1 must be another entry than faults.0"),
        (GOOD + "exits: [{rule: entropy}]\n", "exits.0 must be exactly one of threshold and max_drop"),
        (
            GOOD + "exits: [{rule: patience, threshold: 1}]\n",
            "exits.0.rule must be one of entropy, prediction",
        ),
        (GOOD + "exits: [{rule: entropy, threshold: 1, lut: x}]\n", "without lut"),
        (
            GOOD + "accelerators: [edgebert]\n",
            "accelerators.0.name must be one of edgebert-12nm, got 'edgebert'",
        ),
        (GOOD + "accelerators: [{name: edgebert-12nm, n: 3}]\n", "n must be one of"),
        (GOOD.replace("sst2", "sst3"), "tasks.0.name must be one of"),
        (GOOD.replace("rram-mlc2", "rram-mlc9"), "cells.0.* must be one of rram-mlc2, rram-mlc3, rram-slc"),
        (GOOD.replace("[a]", "[]"), "models must be a list of at least 1, got []"),
        (GOOD.replace("models: [a]\n", ""), "models must be given, got nothing"),
        ("", "the file must be a mapping with keys among models"),
        ("[1, 2]", "the file must be a mapping"),
        ("models: [a\n", "not valid YAML"),
        (GOOD + "seed: 1\nseed: 2\n", "the key 'seed' occurs twice, line 6"),
        (GOOD + "seed: !!python/object/apply:os.system [ls]\n", "not valid YAML"),
    ],
)
def test_wrong_files_are_one_sentence(tmp_path, text, sentence):
    with pytest.raises(ValueError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert message.startswith("campaign: faults.yaml: ") and "\n" not in message
    assert sentence in message


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        campaign.load(tmp_path / "nowhere.yaml")


def test_the_hash_is_the_contents():
    values = {
        "model": "m",
        "task": "sst2",
        "split": "dev",
        "sentences": None,
        "tensor": "w",
        "format": None,
        "layout": "bitmask",
        "cells": {"values": "rram-mlc2", "*": "rram-slc"},
        "ecc": None,
        "gray": False,
        "order": None,
        "fault": "cell_misread",
        "exit": None,
        "seed": 1,
        "content": {"model": "x"},
    }
    found = grid.Point(**values).hash
    assert found == grid.Point(**{**values, "cells": {"*": "rram-slc", "values": "rram-mlc2"}}).hash
    for name, other in (("seed", 2), ("content", {"model": "y"}), ("format", "adaptivfloat8")):
        assert found != grid.Point(**{**values, name: other}).hash


def test_the_commented_file_is_good():
    path = Path(__file__).parents[2] / "experiments" / "edgebert" / "campaigns" / "faults.yaml"
    settings = campaign.load(path).settings
    assert set(settings.model_fields_set) == set(config.Settings.model_fields), "it names every key"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("layouts: [{name: bitmask, restart: row}, {name: bsr, block: [4, 4]}, nm]\n", None),
        ("layouts: [{name: bitmask, restart: column}]\n", "layouts.0: storage.layout: restart of bitmask"),
        ("layouts: [{restart: row}]\n", "layouts.0: storage.layout: layout must be one of"),
        ("ecc: [null, secded-72-64, {mask: parity}]\n", None),
        ("ecc: [secded]\n", "ecc.0 must be null, one of parity"),
        ("gray: [false, true, {values: true}]\n", None),
        ("gray: [maybe]\n", "gray.0 must be true, false, or a mapping"),
        ("faults: [{kind: mixed, parts: [cell_misread, {kind: stuck_at, rate: 1e-9, value: 1}]}]\n", None),
        ("formats: [{family: integer, width: 4, per: row}]\n", None),
        ("formats: [{family: integer, widht: 4}]\n", "formats.0: formats.make: options of integer"),
    ],
)
def test_records_of_other_stages(tmp_path, text, sentence):
    if sentence is None:
        read(tmp_path, GOOD + text)
        return
    with pytest.raises(ValueError) as caught:
        read(tmp_path, GOOD + text)
    assert sentence in str(caught.value)
