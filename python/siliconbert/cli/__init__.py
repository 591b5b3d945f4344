"""The command line: `siliconbert COMMAND`. A file a command; here they meet, and errors become exit codes.

Exit codes: 0, 1 (the work failed), 2 (the call or an input file was wrong; one sentence on standard error),
130 (stopped by Ctrl-C; one line says what is kept).
"""

from __future__ import annotations

import os
import sys

import typer

from siliconbert.cli import (
    bench,
    catalogue,
    command,
    compress,
    console,
    data,
    demo,
    evaluate,
    explore,
    export,
    report,
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
    cls=command.Group,
    pretty_exceptions_enable=False,
)
command.add(app, "list", catalogue.EXAMPLE)(catalogue.list_)
app.add_typer(data.app, name="data")
command.add(app, "train", train.EXAMPLE)(train.train)
command.add(app, "compress", compress.EXAMPLE)(compress.compress)
command.add(app, "export", export.EXAMPLE)(export.export)
command.add(app, "evaluate", evaluate.EXAMPLE)(evaluate.evaluate)
command.add(app, "run", run.EXAMPLE)(run.run)
command.add(app, "status", status.EXAMPLE)(status.status)
command.add(app, "report", report.EXAMPLE)(report.report)
command.add(app, "reproduce", reproduce.EXAMPLE)(reproduce.reproduce)
command.add(app, "explore", explore.EXAMPLE)(explore.explore)
command.add(app, "demo", demo.EXAMPLE)(demo.demo)
command.add(app, "schedule", schedule.EXAMPLE)(schedule.schedule)
app.add_typer(bench.app, name="bench")


@app.callback(invoke_without_command=True)
def _alone(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        from siliconbert import __version__

        print(__version__)
    elif context.invoked_subcommand is None:
        print(context.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Runs one command line (default: the process's) and leaves by SystemExit."""
    console.speak(console.Loudness.NORMAL)
    try:
        code = app(arguments, prog_name="siliconbert", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has seen enough; Python would complain once more when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except command.ClickError as error:
        command.leave(2, command.call_sentence(error))
    except (ValueError, FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        command.leave(2, command.sentence(error))
    except (ImportError, OSError, RuntimeError, MemoryError, ArithmeticError) as error:
        command.leave(1, command.sentence(error))
    sys.exit(code if isinstance(code, int) else 0)
