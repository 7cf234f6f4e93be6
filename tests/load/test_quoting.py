"""Whatever a target says enters the evidence through one door."""

from harness.domain.columns import Kind
from harness.evidence.schema import SAMPLES
from harness.load.quoting import SAID

OURS = {
    "tenant",
    "phase",
    "question_id",
    "outcome",
    "layer",
    "answer_digest",
    "attempt_log",
    "answer_kind",
    "missed",
}  # no target writes these


def test_every_text_that_a_target_can_write_is_scrubbed():
    texts = {column.name for column in SAMPLES if column.kind in (Kind.TEXT, Kind.WORD)}

    assert texts - OURS == set(SAID)
