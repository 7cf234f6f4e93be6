"""The ``pilot`` command and how its errors become words and exit codes."""

from __future__ import annotations

import errno
import gc
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer

from harness import outlet
from harness.cli.output import pages
from harness.errors import UNWRITABLE, Exit, PilotError, to_write
from harness.signals import ENDING, done

COMMANDS = (
    "init",
    "calibrate",
    "check",
    "doctor",
    "sweep",
    "plan",
    "run",
    "collect",
    "decide",
    "gate",
    "report",
    "compare",
    "predict",
    "status",
    "watch",
    "race",
    "demo",
    "up",
    "down",
    "cold",
    "canary",
    "time",
    "prices",
    "dashboards",
    "deploy",
    "destroy",
    "trust",
    "bundle",
    "verify",
)

# typer carries its own click and does not export the base of its usage errors
USAGE_ERRORS: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError")


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if asked:
        print(f"pilot {version('runtime-pilot')}")
        raise typer.Exit


def pilot(
    *,
    shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Decide, with evidence, which runtime should serve a chat API."""


def registered(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The application with these commands; each summary whole, which click would cut to one line."""
    app = typer.Typer(
        name="pilot",
        epilog=f"\b\nBegin with: pilot init DIR --quick\nDocs: {pages()}",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(pilot)
    for name in names:
        import_module(f"harness.cli.{name}").register(app)
    for command in app.registered_commands:
        command.short_help = (command.callback.__doc__ or "").strip() if command.callback else None
    return app


def main() -> None:
    """Run one command; every error of ours is one clear message and its documented exit code."""
    ENDING.heed()
    outlet.install()
    asked = [name for name in COMMANDS if name in sys.argv[1:2]]
    # a command alone starts faster, and pilot cold is called in the middle of measurements
    code = _code_of(asked or COMMANDS)
    done()
    sys.exit(code)


def _code_of(names: Sequence[str]) -> int:
    gc.disable()  # what is imported stays: nothing of it is garbage, and looking takes a tenth of the start
    try:
        app = registered(names)
        gc.enable()
        code = app(standalone_mode=False, prog_name="pilot")
    except USAGE_ERRORS as error:
        error.show()
        return int(Exit.REFUSED)
    except PilotError as error:
        _tell(str(error) + (f"\n  {error.hint}" if error.hint else ""))
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except OSError as error:
        if ENDING.asked is not None:
            return _interrupted()
        hint = f"\n  {to_write(error)}" if isinstance(error.filename, str) and error.errno in UNWRITABLE else ""
        what = error.filename or ("the folder this runs in" if error.errno == errno.ENOENT else "input or output")
        _tell(f"{what}: {error.strerror or error}{hint}")
        return int(Exit.FAILED)
    return code if isinstance(code, int) else int(Exit.DONE)


def _interrupted() -> int:
    _tell(f"interrupted{f' by {ENDING.asked.name}' if ENDING.asked else ''}")
    return int(Exit.INTERRUPTED)


def _tell(words: str) -> None:
    with suppress(OSError):  # the terminal may be gone, and with it whoever would read this
        print(f"pilot: {words}", file=sys.stderr, flush=True)
