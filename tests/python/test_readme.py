"""What the documents show, runs: the Python page as a doctest, every command with its options."""

import doctest
import re
import shlex
import sys
from pathlib import Path

import pytest
import typer

from siliconbert import cli

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tests.documents import blocks, commands, lines  # noqa: E402

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "experiments").glob("**/README.md"))]
README = DOCUMENTS[0].read_text(encoding="utf-8")


def leaves(arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    return left.value.code


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a reader copies commands to, one after the other, with the campaign of the README."""
    found = tmp_path_factory.mktemp("reader")
    (campaign,) = blocks(README, "yaml")
    (found / campaign.splitlines()[0].removeprefix("# ")).write_text(campaign)
    return found


def test_the_python_page_runs():
    parser = doctest.DocTestParser()
    page = parser.get_doctest("\n".join(blocks(README, "python")), {}, "README.md", "README.md", 0)
    assert len(page.examples) > 10
    runner = doctest.DocTestRunner()
    assert runner.run(page).failed == 0


@pytest.mark.parametrize(
    "command",
    sorted({c for path in DOCUMENTS for c in commands(path)}),
    ids=lambda c: c.replace(" ", "_"),
)
def test_every_command_and_option_exists(command):
    words = shlex.split(command, comments=True)[1:]
    found = typer.main.get_command(cli.app)
    while words and words[0] in getattr(found, "commands", {}):
        found = found.commands[words.pop(0)]
    known = {"--help", *(name for each in found.params for name in each.opts)}
    assert {word for word in words if word.startswith("--")} <= known
    if getattr(found, "commands", None) and words:
        assert words[0] in known or words[0].isupper(), f"{command}: there is no {words[0]}"


@pytest.mark.parametrize("command", lines(README, "sh"))
def test_the_shell_blocks_run(command, capsys, folder, monkeypatch, vader_amazon):
    monkeypatch.chdir(folder)
    words = shlex.split(command)[1:]
    assert leaves(words) == 0
    assert capsys.readouterr().out.strip()


def test_the_map_names_folders_that_exist():
    for folder in re.findall(r"^\| `(cpp|notebooks|tests|python)/", README, re.MULTILINE):
        assert (ROOT / folder).is_dir()
    for name in re.findall(r"`\.\.\./([a-z]+)`", README):
        assert (ROOT / "python" / "siliconbert" / name).is_dir(), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.parent.name)
def test_files_that_documents_name_exist(path):
    for name in re.findall(r"`((?:notebooks|experiments)/[\w/.-]+\.\w+)`", path.read_text(encoding="utf-8")):
        assert (ROOT / name).is_file(), name
