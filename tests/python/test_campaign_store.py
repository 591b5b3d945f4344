"""The store: parts whole or absent, duplicates, damage, other settings, many writers, a million rows."""

import contextlib
import errno
import os
import time

import numpy as np
import pyarrow as pa
import pytest

from siliconbert.campaign import manifest, parts, progress
from siliconbert.campaign.rows import Rows
from siliconbert.campaign.store import Store

SETTINGS = {
    "seed": 1,
    "tensor": "w",
    "trials": {"most": 4, "width": None, "confidence": 0.95, "step": 20},
    "accelerators": [None],
    "quick": False,
}


def expected(**changed):
    settings = {**SETTINGS, **changed}
    made = manifest.make(settings, [])
    return {**made, "points": {f"c{i}": {"model": "m"} for i in range(3)}}


def row(config="c0", trial=0, **changed):
    clean = {"notes": '{"expected_events": null}'} if trial == parts.CLEAN else {}
    record = {
        "config": config,
        "trial": trial,
        "sentences": 8,
        "correct": 5,
        "bits": b"\x1f",
        "path": "x fp32",
        "events": 3,
        "events_by_region": {"b": 1, "a": 2},
        "seconds": 0.1,
        "host": "h",
        **clean,
    }
    return record | changed


def opened(folder, **options):
    store = Store(folder, **options)
    store.open(expected())
    store.begin(expected(), "x fp32")
    return store


def test_rows_come_back_in_order(tmp_path):
    store = opened(tmp_path / "s")
    store.write(parts.rows([row(trial=2), row(trial=1)]))
    store.write(parts.rows([row(trial=-1), row("c1", 0)]))
    table = Store(tmp_path / "s").table()
    assert list(zip(table["config"].to_pylist(), table["trial"].to_pylist(), strict=True)) == [
        ("c0", -1), ("c0", 1), ("c0", 2), ("c1", 0)]  # fmt: skip
    assert table["events_by_region"][0].as_py() == [("a", 2), ("b", 1)]
    assert all(name.count(store.writer) == 1 for name in store.names())


def test_equal_duplicates_are_one_row_and_others_are_refused(tmp_path):
    first, second = opened(tmp_path / "s"), opened(tmp_path / "s")
    one = first.write(parts.rows([row()]))
    second.write(parts.rows([row(seconds=9.0, host="elsewhere")]))
    assert len(Store(tmp_path / "s").table()) == 1
    other = second.write(parts.rows([row(correct=4)]))
    for columns in (None, ("config", "trial")):
        with pytest.raises(ValueError, match=r"configuration c0, trial 0 differ in correct") as caught:
            Store(tmp_path / "s").table(columns)
        assert one in str(caught.value) or second.writer in str(caught.value)
        assert other in str(caught.value)


def test_a_result_takes_the_place_of_a_failure(tmp_path):
    store = opened(tmp_path / "s")
    store.write(parts.rows([{"config": "c0", "trial": 0, "reason": "failed: x"}]))
    store.write(parts.rows([row()]))
    assert store.table()["reason"].to_pylist() == [None]


def test_damage_is_named_and_set_aside(tmp_path):
    store = opened(tmp_path / "s")
    names = [store.write(parts.rows([row(trial=t)])) for t in range(3)]
    cut, flipped = (tmp_path / "s" / "parts" / name for name in names[:2])
    cut.write_bytes(cut.read_bytes()[:-20])
    content = bytearray(flipped.read_bytes())
    content[20:40] = bytes(20)
    flipped.write_bytes(bytes(content))
    (tmp_path / "s" / "parts" / "note.parquet").write_text("not a part")
    assert {names[0], "note.parquet"} <= set(progress.read(tmp_path / "s")["damaged"])
    reader = Store(tmp_path / "s")
    assert reader.table(aside=True)["trial"].to_pylist() == [2]
    assert sorted(path.name for path in (tmp_path / "s" / "damaged").iterdir()) == sorted(reader.damaged)
    assert len(reader.names()) == 1


def test_every_flipped_byte_is_found_or_harmless(tmp_path):
    path = tmp_path / "part.parquet"
    table = parts.rows([row(trial=t) for t in range(5)])
    parts.write(path, table)
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        broken = bytearray(content)
        broken[place] ^= 0x55
        path.write_bytes(bytes(broken))
        with contextlib.suppress(parts.DamagedError):
            assert parts.read(path).equals(table), f"byte {place}"


def test_other_settings_or_code_are_refused_with_the_difference(tmp_path):
    opened(tmp_path / "s")
    with pytest.raises(ValueError, match=r"settings\.seed was 1, here it is 2"):
        Store(tmp_path / "s").open(expected(seed=2))
    with pytest.raises(ValueError, match=r"settings\.accelerators\.1 was nothing, here it is \"x\""):
        Store(tmp_path / "s").open(expected(accelerators=[None, "x"]))
    other = expected()
    other["code"] = {**other["code"], "storage.py": "0"}
    with pytest.raises(ValueError, match=r"code\.storage\.py was"):
        Store(tmp_path / "s").open(other)


def test_folders_of_something_else_are_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ValueError, match=r"holds 'thesis\.tex'"):
        Store(tmp_path).open(expected())
    with pytest.raises(ValueError, match="is a file"):
        Store(tmp_path / "thesis.tex").open(expected())
    with pytest.raises(ValueError, match="is not a store"):
        progress.read(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_paths_mix_only_when_asked(tmp_path):
    store = opened(tmp_path / "s")
    store.check_path("x bf16")
    with pytest.raises(ValueError, match="--mix-paths"):
        store.check_path("y fp32")
    mixed = opened(tmp_path / "s", mix_paths=True)
    mixed.check_path("y fp32")
    mixed.write(parts.rows([row(), row(trial=1)]))
    mixed.write(parts.rows([row(path="y fp32", correct=4)]))
    assert Store(tmp_path / "s", mix_paths=True).table()["path"].to_pylist() == ["x fp32", "x fp32"]
    with pytest.raises(ValueError, match="differ in correct, path"):
        Store(tmp_path / "s").table()


@pytest.mark.parametrize("failing", ["write", "fsync", "rename"])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch, failing):
    store = opened(tmp_path / "s")
    kept = store.write(parts.rows([row()]))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    where = {"write": "os.fdopen", "fsync": "os.fsync", "rename": "os.replace"}[failing]
    with monkeypatch.context() as patched:
        patched.setattr(where, full)
        with pytest.raises(OSError, match=r"No space left on device.*finished parts are kept"):
            store.write(parts.rows([row(trial=1)]))
    assert os.listdir(tmp_path / "s" / "parts") == [kept]


def test_a_disk_that_is_full_from_the_start_can_be_tried_again(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    for where, left in (("os.link", []), ("os.replace", ["manifest.json"])):
        with monkeypatch.context() as patched:
            patched.setattr(where, full)
            with pytest.raises(OSError, match="No space left on device"):
                opened(tmp_path / "s")
        assert os.listdir(tmp_path / "s") == left
    opened(tmp_path / "s")
    assert sorted(os.listdir(tmp_path / "s")) == ["config.yaml", "manifest.json"]


def test_small_parts_are_merged_by_tiers(tmp_path, monkeypatch):
    monkeypatch.setattr("siliconbert.campaign.store._TIER", 4)
    store = opened(tmp_path / "s")
    for trial in range(70):
        store.write(parts.rows([row(trial=trial)]))
    assert len(store.names()) <= 3 * 3 + 1
    assert Store(tmp_path / "s").table()["trial"].to_pylist() == list(range(70))
    store.compact()
    assert len(store.names()) == 1 and len(store.table()) == 70


def test_two_writers_that_merge_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("siliconbert.campaign.store._TIER", 3)
    one, other = opened(tmp_path / "s"), opened(tmp_path / "s")
    for trial in range(20):
        (one, other)[trial % 2].write(parts.rows([row(trial=trial), row("c1", trial)]))
        if trial % 5 == 4:
            one.compact()
        if trial % 7 == 6:
            other.compact()
    assert len(Store(tmp_path / "s").table()) == 40


def test_a_part_that_vanishes_while_reading_is_read_where_it_went(tmp_path, monkeypatch):
    store = opened(tmp_path / "s")
    for trial in range(3):
        store.write(parts.rows([row(trial=trial)]))
    reader, read = Store(tmp_path / "s"), parts.read
    monkeypatch.setattr(reader, "_read", lambda *a: (store.compact(), Store._read(reader, *a))[1])
    assert len(reader.table()) == 3 and read is parts.read


def test_orphaned_temporary_files_are_swept(tmp_path):
    opened(tmp_path / "s")
    (tmp_path / "s" / "parts").mkdir()
    orphan = tmp_path / "s" / "parts" / ".c0.parquet.abc"
    orphan.write_text("half")
    young = tmp_path / "s" / "parts" / ".c1.parquet.abc"
    young.write_text("half")
    os.utime(orphan, (0, 0))
    Store(tmp_path / "s").open(expected())
    assert not orphan.exists() and young.exists()


def synthetic(config, first, count):
    """Rows of one configuration: trials first .. first + count - 1, and its own row before trial 0."""
    own = [row(config, parts.CLEAN)] if first == 0 else []
    template = parts.rows([row(config, 0)]).take(np.zeros(count, np.int64))
    numbers = pa.array(np.arange(first, first + count))
    trials = template.set_column(1, "trial", numbers)
    return pa.concat_tables([parts.rows(own), trials])


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_a_million_rows_are_read_in_seconds(tmp_path, count):
    store = opened(tmp_path / "s")
    names, trials = [f"c{i:02d}" for i in range(20)], 5 * count
    for name in names:
        for first in range(0, trials, count):
            table = synthetic(name, first, count)
            store._put(store._name(table), table)
    settings = {**SETTINGS, "trials": {**SETTINGS["trials"], "most": trials}}
    made = {**expected(), "settings": settings, "points": {name: {"model": "m"} for name in names}}
    (tmp_path / "s" / "manifest.json").unlink()
    manifest.create(tmp_path / "s" / "manifest.json", made)
    start = time.perf_counter()
    found = progress.read(tmp_path / "s")
    status = time.perf_counter() - start
    assert found["trials"] == len(names) * trials and {c["state"] for c in found["configurations"]} == {
        "done"
    }
    start = time.perf_counter()
    assert len(Rows.read(Store(tmp_path / "s")).table()) == len(names) * (trials + 1)
    reading = time.perf_counter() - start
    print(f"status {status:.1f} s, reading {reading:.1f} s")
    assert max(status, reading) < 15.0
