"""Every error that a person meets says what to do next."""

import ast
import errno
from pathlib import Path

import pytest

from harness.errors import to_write

ROOT = Path(__file__).parent.parent / "harness"
OURS = {
    "PilotError",
    "Refused",
    "UndeclaredHost",
    "InvalidRun",
    "LimitReached",
    "GateFailed",
    "Undecided",
    "Interrupted",
}
CAUGHT = {  # their words become a part of another error, which has the next step
    "platforms/shared/aws_prices.py",
    "platforms/shared/azure_prices.py",
    "platforms/shared/call.py",
    "platforms/shared/found_price.py",
    "platforms/shared/google_prices.py",
    "platforms/shared/machine_shapes.py",
    "planning/profiles.py",
}


def without_a_hint(text):
    if not any(name in text for name in OURS):  # most files raise none, and parsing takes a while
        return []
    raised = [n.exc for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call)]
    named = [call for call in raised if getattr(call.func, "id", "") in OURS]
    return [call.lineno for call in named if len(call.args) + len(call.keywords) < 2]


def test_every_error_has_a_next_step():
    files = [path for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).as_posix() not in CAUGHT]
    found = {path.relative_to(ROOT).as_posix(): without_a_hint(path.read_text()) for path in files}

    assert len(files) > 500
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_an_error_without_one_is_found():
    assert without_a_hint('raise Refused("no")\nraise Refused("no", "say yes")\nraise ValueError("no")') == [1]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EACCES, "writable"),
        (errno.EROFS, "writable"),
    ],
)
def test_only_a_full_disk_wants_space(number, said):
    assert said in to_write(OSError(number, "no"))
