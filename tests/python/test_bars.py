"""Bars of long work: on a terminal, in a notebook, and none where nobody watches."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from siliconbert.campaign import bars


class Handle:
    def __init__(self, shown):
        self.texts = [shown]

    def update(self, shown):
        self.texts.append(shown)


@pytest.fixture
def notebook(monkeypatch):
    """A stand-in for IPython in a kernel; what is displayed is in the list."""
    handles = []
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    display.HTML = str

    def show(shown, display_id):
        assert display_id is True
        handles.append(Handle(shown))
        return handles[-1]

    display.display = show
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    return handles


def test_a_script_that_nobody_watches_is_quiet(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "IPython", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    with bars.shown("trials") as tell:
        assert tell is None
    assert capsys.readouterr() == ("", "")


def test_a_notebook_shows_one_bar_that_is_replaced(notebook):
    with bars.shown("trials") as tell:
        tell(3, 1200)
        tell(1200, 1200)
    (handle,) = notebook
    assert [text.partition("</progress> ")[2] for text in handle.texts] == [
        "0 of 0 trials",
        "3 of 1,200 trials",
        "1,200 of 1,200 trials",
    ]
    assert 'max="1"' in handle.texts[0] and 'value="1200" max="1200"' in handle.texts[-1]


def test_a_python_without_a_kernel_is_no_notebook(monkeypatch):
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: None
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    with bars.shown("trials") as tell:
        assert tell is None


def test_a_terminal_shows_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with bars.shown("trials") as tell:
        tell(1, 2)
    assert "trials" in capsys.readouterr().err
