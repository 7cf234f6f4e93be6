"""Every error that a person meets says what to do next."""

import ast
from pathlib import Path

import pytest

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
FILES = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.rglob("*.py"))]


def without_a_hint(text):
    raised = [n.exc for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call)]
    named = [call for call in raised if getattr(call.func, "id", "") in OURS]
    return [call.lineno for call in named if len(call.args) + len(call.keywords) < 2]


@pytest.mark.parametrize("name", [name for name in FILES if name not in CAUGHT])
def test_every_error_has_a_next_step(name):
    assert without_a_hint((ROOT / name).read_text()) == []


def test_an_error_without_one_is_found():
    assert without_a_hint('raise Refused("no")\nraise Refused("no", "say yes")\nraise ValueError("no")') == [1]
