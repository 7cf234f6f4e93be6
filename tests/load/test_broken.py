"""Whatever of ours breaks, wherever: the run ends, says INVALID with the reason, and has a ledger."""

import pytest

from tests.fakes import ScriptedServer
from tests.load.run import questions_file, run

BREAKS = """
import importlib
from harness.load import ChatUser, arrivals

holder = getattr(importlib.import_module("{module}"), "{kind}")
whole, calls = getattr(holder, "{name}"), []

def broken(*args, **given):
    calls.append(1)
    if len(calls) > {after}:
        raise LookupError("an odd thing \\ud800")
    return whole(*args, **given)

setattr(holder, "{name}", broken)

class Any(ChatUser):
    schedule = arrivals.constant(rate=20).during(1.5)
"""


@pytest.fixture(scope="module")
def server():
    made = ScriptedServer()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("module", "kind", "name", "after"),
    [
        ("harness.load.attempt", "Attempts", "make", 3),
        ("harness.load.attempt", "Attempts", "prepare", 3),
        ("harness.load.generator", "Generator", "take", 1),
        ("harness.load.gauges", "Gauges", "_each_second", 0),
        ("harness.load.gauges", "Gauges", "summary", 0),
        ("harness.load.engine", "Engine", "_launch", 0),
        ("harness.load.live", "LiveRows", "fold", 1),
        ("harness.load.outbox", "Outbox", "post", 1),
        ("harness.load.coordinator", "Coordinator", "_on_batch", 1),
        ("harness.load.coordinator", "Coordinator", "_plan", 0),
        ("harness.load.coordinator", "Coordinator", "_note_lost", 3),
        ("harness.load.coordinator", "Coordinator", "_write_samples", 0),
        ("harness.load.coordinator", "Coordinator", "_record_after", 0),
        ("harness.load.coordinator", "Coordinator", "_health", 0),
        ("harness.evidence.run_folder", "RunFolder", "append", 1),
        ("harness.evidence.run_folder", "RunFolder", "write_target", 0),
    ],
)
def test_a_run_whose_generator_breaks_is_invalid_and_says_why(server, tmp_path, module, kind, name, after):
    file = tmp_path / "any.py"
    file.write_text(BREAKS.format(module=module, kind=kind, name=name, after=after))
    done = run(tmp_path, "--host", server.url, "--questions", str(questions_file(tmp_path, ["ok"])), file=file)
    ledger = done.json("ledger.json")

    assert done.code == 3, done.output
    assert not ledger["valid"]
    assert "LookupError: an odd thing" in " ".join(ledger["reasons"])
    assert ledger["planned"] == sum(ledger["outcomes"].values()) == 30
