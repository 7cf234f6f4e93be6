"""One answer, read without a socket: what a run would keep of it."""

from harness.dialects.readers import reader_of
from harness.domain.sample import Sample
from harness.domain.target import Dialect
from harness.workspace.mapping_toml import MappingTable
from harness.workspace.target_toml import undeclared


def fields(**mapping):
    """A [mapping] as target.toml would hold it."""
    said = {"path": "/x", "request": {"q": "{prompt}"}, **mapping}
    return MappingTable.model_validate(said).field_map()


def preset(name, model="m"):
    """The target that a preset makes of a URL."""
    return undeclared("http://127.0.0.1:9", name, model)


def read(how, *chunks, stream=True, kind=b"text/event-stream", status=200):
    """The sample of one answer whose pieces came 10 ms apart; ``how`` a FieldMap or a Target."""
    dialect, found = (how.dialect, how.fields) if hasattr(how, "dialect") else (Dialect.MAPPED, how)
    sample = Sample(0, "x", measured=True, question_id="q", stream=stream, scheduled_s=0.0, sent_s=0.0)
    answer = reader_of(dialect, found)(sample, 0.0)
    answer.head(status, {b"content-type": kind}, 0.01)
    for k, chunk in enumerate(chunks, start=2):
        answer.body(chunk, k / 100)
    sample.outcome, sample.error_code = answer.close()
    return sample


def events(*rows):
    """Server-sent events of (name, data); None for an event without a name or without data."""
    out = b""
    for name, data in rows:
        out += b"".join(
            [
                b"event: " + name.encode() + b"\n" if name else b"",
                b"data: " + data + b"\n" if data is not None else b"",
                b"\n",
            ]
        )
    return out
