"""How long a fuzzer runs, and bytes that are nearly right."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SECONDS = float(os.environ.get("FUZZ_SECONDS", "600"))
ODD = (
    *(
        b"",
        b"\x00",
        b"\r",
        b"\n",
        b"\n\n",
        b"\r\n\r\n",
        b":",
        b" ",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"{",
        b"}",
    ),
    *(
        b"[" * 1100,
        b'"',
        b"\\",
        b"\\ud800",
        b"NaN",
        b"-1",
        b"1e999",
        b"9" * 400,
        b"18446744073709551616",
        b"true",
        b"null",
    ),
    *(
        b"data:",
        b"event:",
        b"[DONE]",
        b"ffffffffffffffff\r\n",
        b"-1\r\n",
        b"0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"\x81\x7f",
    ),
)


def fuzz(strategy: st.SearchStrategy, check: Callable, seconds: float = SECONDS) -> int:
    """So long, in rounds of fresh seeds; returns how many cases were tried."""
    until = time.monotonic() + seconds
    cases = 0

    @settings(
        max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=False
    )
    @given(strategy)
    def one_round(case):
        nonlocal cases
        cases += 1
        check(case)

    while time.monotonic() < until:
        one_round()
    return cases


@st.composite
def spoilt_bytes(draw, seeds: Sequence[bytes]) -> bytes:
    """One of these with a few places changed: taken out, doubled, replaced by something odd."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        a, b = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        match draw(st.sampled_from(("out", "again", "odd", "any", "flip"))):
            case "out":
                data = data[:a] + data[b:]
            case "again":
                data = data[:b] + data[a:b][:5000] * draw(st.integers(1, 3)) + data[b:]
            case "odd":
                data = data[:a] + draw(st.sampled_from(ODD)) + data[a + draw(st.integers(0, 3)) :]
            case "any":
                data = data[:a] + draw(st.binary(max_size=20)) + data[a:]
            case "flip" if a < len(data):
                data = data[:a] + bytes([data[a] ^ (1 << draw(st.integers(0, 7)))]) + data[a + 1 :]
    return data


@st.composite
def in_pieces(draw, whole: st.SearchStrategy) -> list[bytes]:
    """Cut as a network may."""
    data = draw(whole)
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
