"""The zoo: what is found where, what a missing or damaged file says, and fetching a copy."""

import shutil
from pathlib import Path

import pytest

from siliconbert.models import get_zoo, load, write_index, zoo_file, zoo_folders, zoo_names
from small_models import small_model


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A zoo of two models, one of them in two files; the user's own places are elsewhere."""
    monkeypatch.setenv("SILICONBERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SILICONBERT_ZOO", raising=False)
    folder = tmp_path / "zoo"
    small_model(seed=1).save(folder / "mini" / "sst2.safetensors")
    small_model(seed=2).save(folder / "big" / "sst2.safetensors", folder / "big" / "table.safetensors")
    write_index(folder)
    return folder


def test_a_model_is_found_by_name(zoo):
    assert zoo_names(zoo) == ["big/sst2", "mini/sst2"]
    assert zoo_file("mini/sst2", zoo) == zoo / "mini" / "sst2.safetensors"
    for name, seed in (("mini/sst2", 1), ("big/sst2", 2)):
        model = load(name, zoo)
        assert model.name == name
        assert model.fingerprint == small_model(seed=seed).fingerprint


def test_the_folders_are_searched_in_order(zoo, tmp_path, monkeypatch):
    first, *rest = zoo_folders()
    assert first == tmp_path / "cache" / "zoo"
    monkeypatch.setenv("SILICONBERT_ZOO", str(zoo))
    assert zoo_folders() == [zoo, first, *rest]
    assert zoo_folders(tmp_path) == [tmp_path]
    assert load("mini/sst2").fingerprint == small_model(seed=1).fingerprint
    small_model(seed=3).save(tmp_path / "cache" / "zoo" / "mini" / "sst2.safetensors")
    write_index(tmp_path / "cache" / "zoo")
    assert load("mini/sst2").fingerprint == small_model(seed=1).fingerprint
    monkeypatch.delenv("SILICONBERT_ZOO")
    assert load("mini/sst2").fingerprint == small_model(seed=3).fingerprint


def test_the_checkout_around_the_current_folder_is_searched(zoo, tmp_path, monkeypatch):
    checkout = tmp_path / "checkout" / "python" / "siliconbert" / "zoo"
    shutil.copytree(zoo, checkout)
    (tmp_path / "checkout" / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "checkout" / "notebooks")
    assert zoo_file("mini/sst2") == checkout / "mini" / "sst2.safetensors"


def test_a_missing_model_says_what_was_searched(zoo, tmp_path):
    with pytest.raises(
        ValueError,
        match=rf"'large/sst2' was not found \(.* big/sst2\?\); .* {zoo}, which have big/sst2, mini/sst2",
    ):
        load("large/sst2", zoo)
    (zoo / "big" / "table.safetensors").unlink()
    with pytest.raises(ValueError, match=r"'big/sst2' was not found.*; .* which have mini/sst2 "):
        load("big/sst2", zoo)
    with pytest.raises(ValueError, match=f"{tmp_path / 'none'}, which have no model"):
        load("mini/sst2", tmp_path / "none")


def test_a_file_with_another_checksum_is_refused(zoo):
    path = zoo / "mini" / "sst2.safetensors"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(
        ValueError, match=r"mini/sst2\.safetensors: SHA-256 must be \w{64} as in zoo\.toml, got"
    ):
        load("mini/sst2", zoo)


@pytest.mark.parametrize("address", [False, True])
def test_a_zoo_is_fetched_and_checked(zoo, tmp_path, address):
    seen = []
    written = get_zoo(zoo.as_uri() if address else zoo, progress=seen.append)
    assert seen == ["big/sst2.safetensors", "big/table.safetensors", "mini/sst2.safetensors"]
    assert written == [tmp_path / "cache" / "zoo" / file for file in seen]
    assert load("big/sst2").fingerprint == small_model(seed=2).fingerprint


def test_a_damaged_source_leaves_no_file_of_that_name(zoo, tmp_path):
    path = zoo / "mini" / "sst2.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"mini/sst2\.safetensors: SHA-256 must be"):
        get_zoo(zoo, tmp_path / "copy")
    found = {
        p.relative_to(tmp_path / "copy").as_posix() for p in (tmp_path / "copy").rglob("*") if p.is_file()
    }
    assert found == {"big/sst2.safetensors", "big/table.safetensors"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{}/none", r"get_zoo: .*none/zoo\.toml could not be read"),
        (
            "http://localhost/zoo",
            "from_ must be a folder, or an https: or file: address, got 'http://localhost/zoo'",
        ),
        ("ftp://localhost/zoo", "from_ must be a folder"),
    ],
)
def test_bad_sources(tmp_path, source, message):
    with pytest.raises(ValueError, match=message):
        get_zoo(source.format(tmp_path), tmp_path / "copy")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models = 3", "must have the tables models and sha256"),
        ("[models", "the file must be TOML"),
        ('[models]\n"../x" = ["a/b.safetensors"]\n[sha256]', "models must map FAMILY/TASK to files"),
        ('[models]\n"a/b" = ["../../b.safetensors"]\n[sha256]', "models must map FAMILY/TASK to files"),
        ('[models]\n"a/b" = ["/etc/passwd"]\n[sha256]', "models must map FAMILY/TASK to files"),
        ('[models]\n"a/b" = []\n[sha256]', "models must map FAMILY/TASK to files"),
        ('[models]\n"a/b" = ["a/b.safetensors"]\n[sha256]', r"sha256 of a/b\.safetensors is missing"),
    ],
)
def test_bad_indexes(tmp_path, text, message):
    (tmp_path / "zoo.toml").write_text(text)
    with pytest.raises(ValueError, match=f"zoo\\.toml: .*{message}"):
        load("a/b", tmp_path)


def test_the_committed_zoo_is_whole():
    """Every model of the source checkout's index loads, its files are as the index says and small enough."""
    folder = Path(__file__).parents[2] / "python" / "siliconbert" / "zoo"
    names = zoo_names(folder)
    assert "edgebert-mini/sst2" in names
    for name in names:
        assert load(name, folder).shape.classes >= 2
    for path in folder.glob("*/*.safetensors"):
        assert path.stat().st_size <= 8 * 2**20, path
