"""Both files of pins agree, so that what the demo runs on is what the tests ran on."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def pins(name):
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def test_what_running_needs_is_pinned_as_the_tests_have_it():
    everything, base = pins("constraints.txt"), pins("constraints-base.txt")

    assert base.items() <= everything.items()
    assert {"locust", "pandas", "boto3", "hatchling"} <= base.keys()
    assert {"mypy", "ruff"}.isdisjoint(base)
