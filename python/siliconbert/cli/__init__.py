"""The command line: `siliconbert COMMAND`. A file a command; here they meet, and errors become exit codes.

Exit codes: 0, 1 (the work failed), 2 (the call or an input file was wrong; one sentence on standard error).
"""

from __future__ import annotations

import sys

import typer

from siliconbert.cli import (
    bench,
    catalogue,
    compress,
    data,
    demo,
    evaluate,
    explore,
    reproduce,
    run,
    schedule,
    status,
    train,
)

app = typer.Typer(
    name="siliconbert",
    help="BERT on silicon: compress, store in faulty memory, run with early exits, and cost a Transformer.",
    epilog="Start with: siliconbert demo --out demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("list", epilog=catalogue.EXAMPLE)(catalogue.list_)
app.add_typer(data.app, name="data")
app.command("train", epilog=train.EXAMPLE)(train.train)
app.command("compress", epilog=compress.EXAMPLE)(compress.compress)
app.command("evaluate", epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command("run", epilog=run.EXAMPLE)(run.run)
app.command("status", epilog=status.EXAMPLE)(status.status)
app.command("reproduce", epilog=reproduce.EXAMPLE)(reproduce.reproduce)
app.command("explore", epilog=explore.EXAMPLE)(explore.explore)
app.command("demo", epilog=demo.EXAMPLE)(demo.demo)
app.command("schedule", epilog=schedule.EXAMPLE)(schedule.schedule)
app.add_typer(bench.app, name="bench")


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        from siliconbert import __version__

        print(__version__)
        raise typer.Exit()


def main(arguments: list[str] | None = None) -> None:
    """Runs one command line (default: the process's) and leaves by SystemExit."""
    try:
        app(arguments)
    except (ValueError, FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        _leave(2, error)
    except (ImportError, OSError, RuntimeError, MemoryError, ArithmeticError) as error:
        _leave(1, error)


def _leave(code: int, error: BaseException) -> None:
    print(f"siliconbert: {error or type(error).__name__}", file=sys.stderr)
    raise SystemExit(code) from None
