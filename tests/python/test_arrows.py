"""The house stands: every include and every import points the way the README's map says."""

import ast
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "cpp" / "siliconbert"
PACKAGE = ROOT / "python" / "siliconbert"

# A folder of the core may include itself and these.
CORE_ARROWS = {
    "base": set(),
    "formats": {"base"},
    "sparsity": {"base"},
    "storage": {"base"},
    "faults": {"base"},
    "exits": {"base"},
    "hardware": {"base"},
    "transformer": {"base", "formats", "storage"},
    "schedule": {"base", "hardware"},
}

# A part of the package may import itself, what is named here, and what those may import.
PYTHON_ARROWS = {
    "_core": set(),
    "text": set(),
    "extras": set(),
    "arrays": set(),
    "html": set(),
    "tables": set(),
    "catalog": {"html", "text"},
    "reference": set(),
    "formats": {"_core", "arrays", "catalog"},
    "sparsity": {"_core", "arrays", "catalog"},
    "storage": {"formats", "sparsity"},
    "faults": {"_core", "catalog"},
    "exits": {"_core", "arrays", "catalog"},
    "hardware": {"_core", "catalog"},
    "schedule": {"hardware"},
    "data": {"formats", "extras"},
    "models": {"formats", "sparsity", "storage", "faults", "exits", "hardware", "data"},
    "campaign": {"models", "schedule", "tables"},
    "report": {"campaign"},
    "bench": {"campaign", "reference"},
    "train": {"models"},
    "torch": {"storage", "faults", "extras"},
    "cli": {"report", "bench", "train"},
}
TORCH_USERS = {"train", "torch", "bench"}
# What the package installs anyway, and what its extra `cluster` brings.
NOTEBOOKS_USE = {"distributed", "matplotlib", "numpy", "safetensors", "tokenizers"}


def reachable(part):
    found = {part}
    while new := {b for a in found for b in PYTHON_ARROWS[a]} - found:
        found |= new
    return found


def included(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(encoding="utf-8"), re.MULTILINE)


def imported(tree, package=""):
    """Dotted names of everything a module imports; relative names resolved against its package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, node.module] if node.module else above)
            # `from siliconbert import exits` names a part, `from siliconbert.exits import Lut` a thing.
            yield from (f"{base}.{alias.name}" if base == "siliconbert" else base for alias in node.names)


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part != "__init__":
            yield path, part


def package_of(path):
    return ".".join(["siliconbert", *path.relative_to(PACKAGE).parts[:-1]])


def sources(folder):
    return [path for suffix in ("*.hpp", "*.cpp") for path in sorted(folder.rglob(suffix))]


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sources(CORE), ids=relative)
def test_core_includes_follow_the_arrows(path):
    folder = path.relative_to(CORE).parts[0]
    assert folder in CORE_ARROWS, f"{folder} is not a folder of the house"
    for name in included(path):
        assert "pybind11" not in name and "Python.h" not in name and "bindings" not in name, (
            f"{name} in the core"
        )
        if name.startswith("siliconbert/"):
            target = name.split("/")[1]
            assert target == folder or target in CORE_ARROWS[folder], f"{folder} must not include {name}"


def test_core_includes_name_the_whole_path():
    for path in sources(CORE):
        own = {p.name for p in sources(CORE)}
        short = [name for name in included(path) if "/" not in name and name in own]
        assert not short, f"{relative(path)} includes {short}: write siliconbert/<folder>/<file>"


@pytest.mark.parametrize(
    ("path", "part"), list(modules()), ids=lambda x: relative(x) if isinstance(x, Path) else ""
)
def test_imports_follow_the_arrows(path, part):
    assert part in PYTHON_ARROWS, f"{part} is not a part of the package"
    for name in imported(ast.parse(path.read_text(encoding="utf-8")), package_of(path)):
        top, *rest = name.split(".")
        if top == "siliconbert" and rest and not rest[0].startswith("__"):
            assert rest[0] in reachable(part), f"{part} must not import {name}"
        if top in ("torch", "transformers"):
            assert part in TORCH_USERS, f"{part} must not import {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "reference").rglob("*.py")), ids=relative)
def test_reference_imports_numpy_only(path):
    allowed = {"numpy", "siliconbert", *sys.stdlib_module_names}
    for name in imported(ast.parse(path.read_text(encoding="utf-8")), package_of(path)):
        assert name.split(".")[0] in allowed, f"reference must not import {name}"
        assert not name.startswith("siliconbert") or name.startswith("siliconbert.reference"), name


def test_nothing_imports_experiments_or_notebooks():
    for path, _ in modules():
        for name in imported(ast.parse(path.read_text(encoding="utf-8")), package_of(path)):
            assert name.split(".")[0] not in ("experiments", "notebooks"), relative(path)


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*/*.py")), ids=relative)
def test_experiments_are_task_lists(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name in imported(tree):
        assert name.split(".")[0] in {"siliconbert", "__future__"}, f"{relative(path)} must not import {name}"
    arithmetic = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
    assert not arithmetic, (
        f"{relative(path)}:{arithmetic[0].lineno} computes; a task list only says what to run"
    )


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=relative)
def test_notebooks_import_public_names_only(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    for name in imported(ast.parse(code)):
        top, *rest = name.split(".")
        assert top in {"siliconbert", *NOTEBOOKS_USE, *sys.stdlib_module_names}, (
            f"{relative(path)} must not import {name}"
        )
        assert not any(part.startswith("_") for part in rest), f"{relative(path)} must not import {name}"
    private = [node for node in ast.walk(ast.parse(code)) if getattr(node, "attr", "").startswith("_")]
    assert not private, f"{relative(path)} must not use {private[0].attr}"


def test_the_check_can_fail():
    tree = ast.parse(
        "from siliconbert import report\nfrom . import x\nfrom ..train import run\nimport torch.nn"
    )
    assert list(imported(tree, "siliconbert.models")) == [
        "siliconbert.report",
        "siliconbert.models",
        "siliconbert.train",
        "torch.nn",
    ]
    assert "report" not in reachable("models") and "train" not in reachable("campaign")
