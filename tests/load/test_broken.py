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
        ("harness.load.deadlines", "Deadlines", "_sweep", 0),
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


def test_what_breaks_in_one_of_two_workers_ends_the_run_of_both(server, tmp_path):
    file = tmp_path / "any.py"
    file.write_text(BREAKS.format(module="harness.load.attempt", kind="Attempts", name="make", after=3))
    questions = str(questions_file(tmp_path, ["ok"]))
    done = run(tmp_path, "--host", server.url, "--questions", questions, "--processes", "2", file=file)
    ledger = done.json("ledger.json")

    assert done.code == 3, done.output
    assert "LookupError: an odd thing" in " ".join(ledger["reasons"])
    assert (ledger["lost_workers"], sum(ledger["outcomes"].values())) == (0, 30)


SILENT = """
from harness.load import ChatUser, arrivals, coordinator
from harness.load.generator import Generator

coordinator.STALLED_S = 0.5
Generator.finished = property(lambda self: False)

class Any(ChatUser):
    schedule = arrivals.constant(rate=20).during(1)
"""


def test_a_run_from_which_nothing_is_heard_any_more_ends(server, tmp_path):
    file = tmp_path / "any.py"
    file.write_text(SILENT)
    questions = str(questions_file(tmp_path, ["ok"]))
    done = run(tmp_path, "--host", server.url, "--questions", questions, "--deadline", "1", file=file)

    assert done.code == 3, done.output
    assert "no sample came for 1.5 s although some were due" in done.json("ledger.json")["reasons"][0]


def test_a_run_keeps_no_path_of_this_machine(server, tmp_path):
    questions = str(questions_file(tmp_path, ["ok"]))
    done = run(tmp_path, "--host", server.url, "--questions", questions, "--duration", "0.5", "--warmup", "0")

    assert done.ended_well, done.output
    text = (done.folder / "run.json").read_text()
    assert str(tmp_path) not in text
    assert done.json("run.json")["spec"]["questions_file"] == "questions.jsonl"


ODD = """
from harness.load import ChatUser, arrivals
from harness.load.attempt import Attempts

whole = Attempts.make

def odd(self, arrival, sample, *rest):
    whole(self, arrival, sample, *rest)
    if arrival.seq == 5:
        sample.{column} = {value}

Attempts.make = odd

class Any(ChatUser):
    schedule = arrivals.constant(rate=20).during(1)
"""


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("input_tokens", "2**70", "input_tokens is a number of 71 bits"),
        ("session", "b'bytes'", "session is b'bytes'"),
        ("instance_requests", "2**63", "instance_requests is a number of 64 bits"),
        ("output_tokens", "'many'", "output_tokens is 'many'"),
    ],
)
def test_a_value_that_no_file_can_hold_makes_its_sample_a_failure_and_is_said(server, tmp_path, column, value, says):
    file = tmp_path / "any.py"
    file.write_text(ODD.format(column=column, value=value))
    done = run(tmp_path, "--host", server.url, "--questions", str(questions_file(tmp_path, ["ok"])), file=file)

    assert done.ended_well, done.output
    assert done.json("ledger.json")["outcomes"] == {"bad_contract": 1, "ok": 19}
    odd = done.samples[5]
    assert (odd[column], odd["outcome"], odd["detail"]) == (None, "bad_contract", f"cannot be recorded: {says}")
