"""Every public name explains itself: arguments, errors, and an example that runs."""

import ast
import doctest
import importlib
import importlib.util
import inspect
import re
import textwrap

import pytest

MODULES = [
    "catalog", "formats", "sparsity", "storage", "faults", "exits", "models", "data", "data.metrics",
    "hardware", "hardware.fpga", "hardware.fixed_point", "schedule", "schedule.reports", "campaign",
    "campaign.statistics", "report",
]  # fmt: skip
if importlib.util.find_spec("torch"):
    MODULES.append("torch")


def public():
    """Label, module and object of every public function and class."""
    for name in MODULES:
        module = importlib.import_module(f"siliconbert.{name}")
        names = getattr(module, "__all__", None) or [
            each for each, value in vars(module).items()
            if not each.startswith("_") and getattr(value, "__module__", "") == module.__name__
        ]  # fmt: skip
        for each in names:
            value = getattr(module, each)
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{name}.{each}", value


FOUND = dict(public())
FUNCTIONS = [label for label, value in FOUND.items() if inspect.isfunction(value)]
CLASSES = [label for label, value in FOUND.items() if inspect.isclass(value)]


def methods(made):
    for name, value in vars(made).items():
        value = getattr(value, "__func__", value)
        if not name.startswith("_") and inspect.isfunction(value):
            yield name, value


def raises_value_error(function):
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(
        isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and ast.unparse(node.exc.func) == "ValueError"
        for node in ast.walk(tree)
    )


def arrays(function):
    """Arguments whose shape a reader must know."""
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if re.search("ArrayLike|NDArray|Floats", str(each.annotation))]


@pytest.mark.parametrize("label", FOUND)
def test_it_has_a_docstring(label):
    text = FOUND[label].__doc__ or ""
    assert len(text) > 20 and not text.startswith(f"{FOUND[label].__name__}(")


@pytest.mark.parametrize("label", FUNCTIONS)
def test_it_describes_its_arrays(label):
    text = FOUND[label].__doc__ + (inspect.getmodule(FOUND[label]).__doc__ or "")
    missing = [name for name in arrays(FOUND[label]) if not re.search(rf"\b{name}\b", text)]
    assert not missing, f"{label} says nothing about {', '.join(missing)}"


@pytest.mark.parametrize("label", FUNCTIONS)
def test_it_names_its_errors(label):
    if raises_value_error(FOUND[label]):
        assert re.search(r"ValueError|errors", FOUND[label].__doc__), (
            f"{label} raises ValueError and does not say so"
        )


@pytest.mark.parametrize("label", FUNCTIONS)
def test_it_has_an_example(label):
    assert ">>>" in FOUND[label].__doc__, label


@pytest.mark.parametrize("label", CLASSES)
def test_it_or_one_of_its_methods_has_an_example(label):
    texts = [FOUND[label].__doc__, *(method.__doc__ or "" for _, method in methods(FOUND[label]))]
    assert any(">>>" in text for text in texts), label


def sources():
    """The modules in which the public names are written."""
    return sorted({inspect.getmodule(value).__name__ for value in FOUND.values()})


@pytest.mark.parametrize("name", sources())
def test_the_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some write files
    assert doctest.testmod(importlib.import_module(name)).failed == 0
