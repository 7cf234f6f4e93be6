"""How fast each framing reads a token stream, and whether its time stays linear where one event comes in many pieces.

python -m bench.framings prints microseconds an event for streams of small events, each a read of its own, and
milliseconds for one event of 1, 2 and 4 MB in reads of 16 KB; botocore's own reader of AWS event streams beside ours.
"""

from __future__ import annotations

import json
from binascii import crc32
from collections.abc import Callable, Iterable, Sequence
from struct import pack
from time import perf_counter
from typing import Any

from harness.dialects.framing.choose import PARSERS
from harness.domain.field_map import FramingKind

EVENTS = 20_000
READ_BYTES = 16 * 1024
MEGABYTES = (1, 2, 4)
REPEATS = 3


def aws_message(payload: bytes) -> bytes:
    """One event ``chunk``."""
    pairs = ((b":event-type", b"chunk"), (b":content-type", b"application/json"), (b":message-type", b"event"))
    head = b"".join(bytes([len(n)]) + n + b"\x07" + pack(">H", len(v)) + v for n, v in pairs)
    prelude = pack(">II", len(head) + len(payload) + 16, len(head))
    body = prelude + pack(">I", crc32(prelude)) + head + payload
    return body + pack(">I", crc32(body))


WRAPPED: dict[FramingKind, Callable[[bytes], bytes]] = {
    FramingKind.SSE: lambda data: b"data: " + data + b"\n\n",
    FramingKind.NDJSON: lambda data: data + b"\n",
    FramingKind.TEXT: lambda data: data,
    FramingKind.JSON_ARRAY: lambda data: data + b",",
    FramingKind.AWS_EVENT_STREAM: aws_message,
}


def took_s(make: Callable[[], Any], chunks: Sequence[bytes], read: Callable[[Any, bytes], Iterable[Any]]) -> float:
    """The quickest of a few passes."""
    best = float("inf")
    for _ in range(REPEATS):
        parser = make()
        began = perf_counter()
        for chunk in chunks:
            read(parser, chunk)
        best = min(best, perf_counter() - began)
    return best


def main() -> None:
    """Print the table."""
    from botocore.eventstream import EventStreamBuffer  # noqa: PLC0415 - the peer

    token = json.dumps({"type": "delta", "delta": {"text": " token"}}).encode()
    print(f"{'framing':<26}{'µs an event':>12}" + "".join(f"{f'{size} MB, ms':>12}" for size in MEGABYTES))
    rows = [(kind.value, kind, PARSERS[kind], lambda p, c: p.feed(c)) for kind in WRAPPED]
    peer = (
        "botocore's event stream",
        FramingKind.AWS_EVENT_STREAM,
        EventStreamBuffer,
        lambda p, c: (p.add_data(c), list(p)),
    )
    for name, kind, make, read in [*rows, peer]:
        opening = [b"["] if kind is FramingKind.JSON_ARRAY else []
        small = took_s(make, [*opening, *([WRAPPED[kind](token)] * EVENTS)], read) / EVENTS * 1e6
        large = []
        for size in MEGABYTES:
            wire = b"".join(opening) + WRAPPED[kind](b'"' + b"x" * (size << 20) + b'"')
            chunks = [wire[at : at + READ_BYTES] for at in range(0, len(wire), READ_BYTES)]
            large.append(took_s(make, chunks, read) * 1e3)
        print(f"{name:<26}{small:>12.2f}" + "".join(f"{ms:>12.1f}" for ms in large))


if __name__ == "__main__":
    main()
