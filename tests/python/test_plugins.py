"""Packages that add formats, cells, faults, exit rules, accelerators and data sets by entry points."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from siliconbert import _core, catalog, data, exits, faults, formats, storage
from siliconbert.catalog import plugins
from siliconbert.models import Trace
from tiny_model import write_tiny

EXAMPLE = Path(__file__).with_name("example_plugin")
TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """The example package, installed into a folder of its own."""
    pytest.importorskip("flit_core", reason="building the example package needs flit_core")
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, folder / "source")
    line = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    done = subprocess.run(
        [*line, "--no-build-isolation", "--target", str(folder / "site"), str(folder / "source")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "site"


def with_plugin(beside, *line, **changed):
    """A process that has the package on its path; warnings are errors there too."""
    old = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(beside), *([old] if old else [])])
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", *line],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False, **changed,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_listings_show_what_the_package_adds(beside):
    found = json.loads(with_plugin(beside, "-m", "siliconbert.cli", "list", "--json"))
    added = {
        "formats": "example-levels", "cells": "example-mlc2", "accelerators": "example-accelerator",
        "faults": "example-leak", "exits": "example-calm", "data": "example-words",
    }  # fmt: skip
    for kind, name in added.items():
        assert name in found[kind], kind
        assert name not in _listed(kind), f"{name} is known without the package"
    assert found["faults"]["example-leak"] == "siliconbert-example-plugin 1.0"


def _listed(kind):
    known = {"faults": faults.kinds, "exits": exits.rules, "data": data.names}
    return known[kind]() if kind in known else catalog.records(kind)


def test_names_stand_for_the_packages_things(beside):
    code = """
import numpy as np, siliconbert as sb
fmt = sb.formats.get("example-levels")
x = np.random.default_rng(1).normal(size=(8, 8)).astype(np.float32)
cell = sb.faults.cell("example-mlc2")
fault = sb.faults.from_record({"kind": "example-leak", "rate": 0.1})
image = sb.storage.store(x, x != 0, fmt, cells={"values": "example-mlc2", "*": "rram-slc"})
bad, events = sb.faults.inject(image, fault, seed=1, trial=2)
assert (events["read"] == events["stored"] - 1).all() and len(events)
assert len(sb.faults.inject(image, sb.faults.CellMisread(), 1, 0)[1]) >= 0
assert sb.faults.to_record(fault) == {"kind": "example-leak", "rate": 0.1}
fast = sb.hardware.accelerator("example-accelerator").layer("albert-base")
assert fast.seconds > 0 and len(sb.data.load("example-words")) == 8
rule = sb.exits.own_rule("example-calm", layers=3)
assert rule.leave(np.zeros((2, 5), np.float32), 0.1).tolist() == [3, 3]
print(fmt.width, cell.levels, sb.data.classes("example-words"))
"""
    assert with_plugin(beside, "-c", code).strip() == "4 4 ('negative', 'positive')"


CAMPAIGN = """
models: [{model}]
tasks: [example-words]
formats: [example-levels]
cells: [{{values: example-mlc2, "*": rram-slc}}]
faults: [cell_misread, {{kind: example-leak, rate: 0.2}}]
exits: [{{rule: example-calm, threshold: 0.6, options: {{layers: 2}}}}, {{rule: example-calm, max_drop: 0.5}}]
accelerators: [example-accelerator]
trials: 6
"""


def test_a_campaign_runs_on_them(beside, tmp_path):
    tiny = write_tiny(tmp_path / "tiny")
    (tmp_path / "own.yaml").write_text(CAMPAIGN.format(model=tiny / "model"))
    run = ("-m", "siliconbert.cli", "run", str(tmp_path / "own.yaml"), "--store", str(tmp_path / "store"))
    with_plugin(beside, *run)
    code = f"""
from pathlib import Path
from siliconbert.campaign.rows import Rows
from siliconbert.campaign.store import Store
rows = Rows.read(Store(Path({str(tmp_path / "store")!r})))
found = rows.summary()
assert [each["state"] for each in found] == ["done"] * 4, found
leaks = [each for each in found if "leak" in each["fault"]]
assert len(leaks) == 2 and all(each["events"] > 5 for each in leaks)
assert all("energy_mj" in each for each in found), [each.get("cost_reason") for each in found]
assert all(each["energy_mj"] > 0 and 2 <= each["layer"] <= 4 for each in found)
"""
    with_plugin(beside, "-c", code)


def test_tests_that_walk_the_catalogue_find_them(beside):
    """The laws of formats, layouts, cells and accelerators hold for names that their files never saw."""
    files = [
        TESTS / f"test_{name}.py" for name in ("formats_laws", "storage", "faults_cells", "hardware_laws")
    ]
    line = ("-m", "pytest", "-q", "-k", "example", "-p", "no:cacheprovider", *map(str, files))
    out = with_plugin(beside, *line, cwd=TESTS.parents[1])
    assert int(out.split(" passed")[0].split()[-1]) >= 6 and "failed" not in out


def offering(monkeypatch, kind, **offered):
    """As if a package named broken offered these objects in the group of a kind."""

    class Point(EntryPoint):
        dist = type("Dist", (), {"name": "broken", "version": "0.1"})()

        def load(self):
            found = offered[self.name]
            if isinstance(found, Exception):
                raise found
            return found

    points = [Point(name, "nowhere", f"siliconbert.{kind}") for name in offered]
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: points if group == f"siliconbert.{kind}" else []
    )
    monkeypatch.setattr(plugins, "_READ", set())
    monkeypatch.setattr(plugins, "_ORIGINS", {})
    plugins.objects.cache_clear()


@pytest.fixture(autouse=True)
def forgotten():
    yield
    plugins.objects.cache_clear()


class Late:
    def leave(self, entropy, threshold):
        return np.full(len(entropy), entropy.shape[1])


@pytest.mark.parametrize(
    ("kind", "listed", "offered", "sentence"),
    [
        (
            "exits",
            exits.rules,
            ModuleNotFoundError("No module named 'gone'"),
            "left out: No module named 'gone'",
        ),
        ("exits", exits.rules, 3, "an exit rule must be a class with a method leave, got 3"),
        ("faults", faults.kinds, Late, "a kind of fault must be a dataclass, got"),
        ("data", data.names, {"labels": 1}, "a data set must be a data.Source, got"),
        ("cells", faults.names, 7, "must be the path of a TOML file, got 7"),
        ("formats", formats.names, "no/such.toml", "path must be a readable text file"),
    ],
)
def test_a_broken_plugin_is_one_warning_and_the_rest_goes_on(monkeypatch, kind, listed, offered, sentence):
    before = listed()
    offering(monkeypatch, kind, theirs=offered)
    with pytest.warns(
        UserWarning, match=rf"plug-in broken 0.1: theirs of siliconbert.{kind} .*{sentence}"
    ) as caught:
        assert listed() == before
    assert len(caught) == 1 and "\n" not in str(caught[0].message)
    assert listed() == before  # and it is said once


def test_names_that_are_taken_are_refused(monkeypatch, tmp_path):
    offering(monkeypatch, "exits", entropy=Late, late=Late)
    with pytest.warns(UserWarning, match=r"broken 0.1: entropy of .* name must not be one of entropy,"):
        assert exits.own_rules() == ["late"]
    file = tmp_path / "formats.toml"
    file.write_text('[int8]\nfamily = "integer"\nwidth = 5\nsource = "mine"\n')
    offering(monkeypatch, "formats", mine=file)
    with pytest.warns(UserWarning, match=r"formats.toml: int8: name must be new, or have the options"):
        assert formats.get("int8").width == 8


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[a]\nfamily = "integer"\n', r"a.source: must be text, got None"),
        ('[a]\nfamily = "floaty"\nsource = "x"\n', r"a: formats.make: family must be one of"),
        ('[a]\nfamily = "integer"\nwidth = 99\nsource = "x"\n', "a: .*width must be"),
        ('[a]\nfamily = "integer"\nwidht = 9\nsource = "x"\n', "options of integer must be among"),
        ("[a\n", "the file must be TOML"),
    ],
)
def test_formats_of_a_file_are_checked(tmp_path, text, sentence):
    file, before = tmp_path / "mine.toml", formats.names()
    file.write_text(text)
    with pytest.raises(ValueError, match=sentence) as caught:
        formats.load_formats(file)
    assert "\n" not in str(caught.value) and formats.names() == before


class Worn(faults.OwnFault):
    """Every cell is read as the highest level with a probability."""

    def __init__(self, rate, wrong=None):
        self.rate, self.wrong = rate, wrong

    def read(self, cells, draws):
        worn = draws.random(len(cells.levels)) < self.rate
        return np.where(worn, (1 << cells.bits) - 1, cells.levels) if self.wrong is None else self.wrong


def stored():
    weights = np.random.default_rng(4).normal(size=(40, 50)).astype(np.float32)
    cells = {"values": "rram-mlc3", "*": "rram-slc"}
    return storage.store(weights, weights > 0, formats.get("adaptivfloat8"), cells=cells)


def test_a_users_fault_is_a_function_of_its_address_and_has_its_rate():
    image, fault = stored(), Worn(0.1)
    _, events = faults.inject(image, fault, seed=3, trial=1)
    np.testing.assert_array_equal(events, faults.inject(image, fault, seed=3, trial=1)[1])
    assert len(events) != len(faults.inject(image, fault, seed=3, trial=2)[1])
    values = events[events["region"] == 0]
    # 8 bits in three-bit cells are 3 + 3 + 2; a cell at the highest level cannot change.
    region = image.image.regions[0]
    highest = np.resize([7, 7, 3], region.cells)
    can = int((np.asarray(region.levels()) != highest).sum())
    assert abs(len(values) - 0.1 * can) < 5 * np.sqrt(0.09 * can)  # five sigma
    np.testing.assert_array_equal(values["read"], highest[values["cell"].astype(int)])
    assert len(faults.inject(image, Worn(0.0), 3, 1)[1]) == 0


@pytest.mark.parametrize("wrong", [np.zeros(3, int), np.full(1, 9.5), -1])
def test_levels_that_no_cell_has_are_refused(wrong):
    with pytest.raises(ValueError, match=r"Worn.read: levels must be \d+ whole numbers in 0..[37], got"):
        faults.inject(stored(), Worn(0.1, wrong), 1, 0)


def test_a_users_fault_does_not_mix():
    with pytest.raises(ValueError, match="Mixed: parts must be built-in faults, got"):
        faults.Mixed([faults.BitFlip(1e-6), Worn(0.1)])
    assert _core.faults.CalledFault(lambda *address: []).events(stored().image, 1, 2).size == 0


class ByEntropy:
    """The built-in rule, written as a user would."""

    def leave(self, entropy, threshold):
        below = entropy < threshold
        below[:, -1] = True
        return below.argmax(axis=1) + 1


@pytest.mark.parametrize("max_drop", [0.0, 0.02, 0.1, 1.0])
def test_a_users_rule_gets_the_threshold_of_the_built_in_one(max_drop):
    rng = np.random.default_rng(6)
    logits = rng.normal(size=(60, 5, 2)).astype(np.float32)
    trace = Trace(logits, exits.entropy(logits), (1, 2, 3, 4, 5), "", "", "")
    labels = np.where(rng.random(60) < 0.8, logits[:, -1].argmax(-1), 0)
    own, built_in = (exits.threshold_for(trace, labels, max_drop, rule) for rule in (ByEntropy(), None))
    leave = [exits.by_entropy(trace.entropy, threshold).tolist() for threshold in (own, built_in)]
    assert leave[0] == leave[1]
    assert exits.leave_by(ByEntropy(), trace.entropy, own).tolist() == leave[0]
    with pytest.raises(ValueError, match=r"Late.leave: layers must be 60 whole numbers"):
        exits.leave_by(type("Late", (), {"leave": lambda *given: [9] * 60})(), trace.entropy, 0.1)
