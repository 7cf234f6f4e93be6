"""What keeping secrets out of the evidence costs a sample: microseconds each, by how many secrets are known.

    python -m bench.scrub [SAMPLES]        default 100,000

A good sample of the usual ids and citations, and a failed one that says a secret again. Least of five turns: other
tenants of the machine can only add.
"""

from __future__ import annotations

import secrets
import sys
import time
from dataclasses import replace

from harness.domain.sample import Sample
from harness.load.quoting import quoted
from harness.secrecy import KNOWN

GOOD = Sample(1, "steady", True, "q0001", True, 0.0)  # noqa: FBT003 - its own order
GOOD.request_id, GOOD.instance_id = f"{'ab12' * 5}{1:012x}", "i-0a1b2c3d4e5f"
GOOD.platform_request_id, GOOD.citations = (
    "8f0f2b2a-1c1d-4e4f-9a9b-1234567890ab",
    "library/asyncio#12 library/json#4 howto/logging#7",
)


def least_us(sample: Sample, count: int) -> float:
    """Of one sample, cleaned so many times."""
    turns = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(count):
            quoted(sample)
        turns.append(time.perf_counter() - began)
    return min(turns) / count * 1e6


def main(count: int) -> None:
    """A row for each number of secrets."""
    print("secrets  forms  good sample, µs  failed one that echoes, µs")
    known: list[str] = []
    for wanted in (0, 1, 3, 10):
        while len(known) < wanted:
            known.append(secrets.token_urlsafe(32))
            KNOWN.learn(f"SECRET_{len(known)}", f"Bearer {known[-1]}")
        again = replace(GOOD, error_code="invalid_token", detail=f"the token {known[-1] if known else 'x'} is unknown")

        def echo(sample: Sample = again) -> float:
            turns = []
            for _ in range(count // 20):
                said = replace(sample)
                began = time.perf_counter()
                quoted(said)
                turns.append(time.perf_counter() - began)
            return sorted(turns)[len(turns) // 2] * 1e6

        print(f"{wanted:>7}  {KNOWN.forms:>5}  {least_us(GOOD, count):>15.2f}  {echo():>26.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
