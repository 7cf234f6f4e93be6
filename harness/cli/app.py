"""The ``pilot`` command and how its errors become words and exit codes."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer

from harness.errors import Exit, PilotError

COMMANDS = (
    "init",
    "calibrate",
    "check",
    "sweep",
    "plan",
    "run",
    "collect",
    "decide",
    "report",
    "status",
    "demo",
    "up",
    "down",
    "cold",
    "time",
    "prices",
    "dashboards",
)

# typer carries its own click and does not export the base of its usage errors
USAGE_ERRORS: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError")

app = typer.Typer(
    name="pilot",
    help="Decide, with evidence, which runtime should serve a chat API.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _group() -> None:
    """Decide, with evidence, which runtime should serve a chat API."""  # keeps a single command a subcommand


def main() -> None:
    """Run one command; every error of ours is one clear message and its documented exit code."""
    asked = [name for name in COMMANDS if name in sys.argv[1:2]]
    for name in asked or COMMANDS:  # a command alone starts faster: pilot cold is called in the middle of measurements
        import_module(f"harness.cli.{name}").register(app)
    try:
        code = app(standalone_mode=False, prog_name="pilot")
        sys.exit(code if isinstance(code, int) else int(Exit.DONE))
    except USAGE_ERRORS as error:
        error.show()
        sys.exit(int(Exit.REFUSED))
    except PilotError as error:
        hint = f"\n  {error.hint}" if error.hint else ""
        print(f"pilot: {error}{hint}", file=sys.stderr)
        sys.exit(int(error.exit_code))
    except OSError as error:
        print(f"pilot: {error.filename or 'input or output'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(int(Exit.FAILED))
    except (KeyboardInterrupt, typer.Abort):
        print("pilot: interrupted", file=sys.stderr)
        sys.exit(int(Exit.INTERRUPTED))
