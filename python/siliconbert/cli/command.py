"""What all commands share: --quiet and --verbose, a clean end on Ctrl-C, and errors of one sentence."""

from __future__ import annotations

import inspect
import re
import resource
import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, get_type_hints

import typer
from typer.core import TyperGroup

from siliconbert.cli import console, options
from siliconbert.text import suggestion

_F = TypeVar("_F", bound=Callable[..., None])

# The shell's code for a command that Ctrl-C ended.
INTERRUPTED = 130
_ASIDE = "Nothing was written; the same command starts again"

# Typer carries its own copy of click from some version on, so the class is found by its name.
ClickError: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

# "... must be one of a, b; got 'c'", as all sentences of the library about names read.
_NAMES = re.compile(r"must be (?:one of |among )?(?P<known>[^;]*)[;,] got '(?P<name>[^']+)'$")


class Group(TyperGroup):
    """Commands under one word, the likeliest of which is named where there is no such command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments begin with; an error with a suggestion where there is none."""
        name = str(args[0])
        if self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            ctx.fail(f"command must be one of {', '.join(known)}; got {name!r}{suggestion(name, known)}")
        return super().resolve_command(ctx, args)


def add(app: typer.Typer, name: str, example: str) -> Callable[[_F], _F]:
    """Registers a function as a command; the function itself stays as it is."""

    def register(function: _F) -> _F:
        app.command(name, epilog=example)(shared(function))
        return function

    return register


def shared(function: Callable[..., None]) -> Callable[..., None]:
    """The command with --quiet and --verbose behind its own options, and one line where Ctrl-C ends it."""

    @wraps(function)
    def command(*args: Any, quiet: bool, verbose: bool, **options: Any) -> None:
        console.speak(_chosen(quiet, verbose))
        start = time.monotonic()
        try:
            function(*args, **options)
        except KeyboardInterrupt as stop:
            console.warn(f"stopped. {str(stop) or _ASIDE}")
            raise typer.Exit(INTERRUPTED) from None
        if verbose:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            console.warn(f"{time.monotonic() - start:.1f} s, at most {peak:.0f} MiB")

    added = {"quiet": options.Quiet, "verbose": options.Verbose}
    hints = {**get_type_hints(function, include_extras=True), **added}
    own = inspect.signature(function).parameters.values()
    flags = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False) for name in added]
    parameters = [each.replace(annotation=hints[each.name]) for each in (*own, *flags)]
    command.__dict__["__signature__"] = inspect.Signature(parameters)
    command.__annotations__ = hints
    return command


def _chosen(quiet: bool, verbose: bool) -> console.Loudness:
    if quiet and verbose:
        raise ValueError("--quiet and --verbose exclude each other")
    return console.Loudness.QUIET if quiet else console.Loudness(verbose)


def call_sentence(error: Any) -> str:
    """What is wrong with a command line, and where its help is."""
    context = getattr(error, "ctx", None)
    text = error.format_message().rstrip(".")
    if hasattr(error, "option_name") and hasattr(error, "possibilities"):
        options = [] if context is None else [o for p in context.command.params for o in p.opts]
        text = f"no option {error.option_name}{suggestion(error.option_name, options)}"
    path = "siliconbert" if context is None else context.command_path
    return f"{' '.join(text.split())}; see `{path} --help`"


def sentence(error: BaseException) -> str:
    """What an error says, and the likeliest name where it says which names there are.

    >>> sentence(ValueError("list: kind must be one of cells, models; got 'cell'"))
    "list: kind must be one of cells, models; got 'cell' (did you mean cells?)"
    """
    text = str(error) or type(error).__name__
    if (found := _NAMES.search(text)) is None:
        return text
    known = re.split(r", | or ", found["known"])
    return text + suggestion(found["name"], known)


def leave(code: int, said: str) -> None:
    """Ends the process with an exit code, and one line on standard error."""
    if console.loudness() is console.Loudness.VERBOSE and code == 1:
        import traceback

        traceback.print_exc()
    console.warn(said)
    sys.exit(code)
