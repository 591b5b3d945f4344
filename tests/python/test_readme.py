"""What the documents show, runs: the Python page as a doctest, every command with its options."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from siliconbert import cli, data

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "experiments").glob("*/README.md"))]
COMMAND = re.compile(r"`(?:\.venv/bin/)?(siliconbert [^`\n]*)`")


def commands(path):
    return [" ".join(found.split()) for found in COMMAND.findall(path.read_text(encoding="utf-8"))]


def shown():
    """The commands of the README's shell block, which a reader copies."""
    (block,) = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return block.strip().splitlines()


def leaves(arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    return left.value.code


def test_the_python_page_runs():
    parser = doctest.DocTestParser()
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    page = parser.get_doctest("\n".join(blocks), {}, "README.md", "README.md", 0)
    assert len(page.examples) > 10
    runner = doctest.DocTestRunner()
    assert runner.run(page).failed == 0


@pytest.mark.parametrize(
    "command",
    sorted({c for path in DOCUMENTS for c in commands(path)} | set(shown())),
    ids=lambda c: c.replace(" ", "_"),
)
def test_every_command_and_option_exists(command, capsys):
    words = shlex.split(command)[1:]
    path = [word for word in words if re.fullmatch(r"[a-z]+", word)][
        : 2 if words[0] in ("data", "bench") else 1
    ]
    assert leaves([*path, "--help"]) == 0
    text = capsys.readouterr().out
    for option in re.findall(r"--[a-z]+", command):
        assert option in text, f"{command}: {' '.join(path)} has no {option}"


@pytest.mark.parametrize("command", shown())
def test_the_shell_block_runs(command, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)[1:]
    if words[0] != "list":
        try:
            data.get("vader-amazon")
        except (ValueError, OSError, RuntimeError) as error:
            pytest.skip(f"vader-amazon cannot be had: {error}")
    assert leaves(words) == 0
    assert capsys.readouterr().out.strip()


def test_the_map_names_folders_that_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for folder in re.findall(r"^\| `(cpp|notebooks|tests|python)/", text, re.MULTILINE):
        assert (ROOT / folder).is_dir()
    for name in re.findall(r"`\.\.\./([a-z]+)`", text):
        assert (ROOT / "python" / "siliconbert" / name).is_dir(), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.parent.name)
def test_files_that_documents_name_exist(path):
    for name in re.findall(r"`((?:notebooks|experiments)/[\w/.-]+\.\w+)`", path.read_text(encoding="utf-8")):
        assert (ROOT / name).is_file(), name
