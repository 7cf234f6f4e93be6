"""Asks a server by the load engine alone, without Locust's command line.

By a child, unpatched as a check is, because its greenlets want a thread of their own; the same one for all tests:
``python -m tests.load.asking`` reads lines of JSON, as ``ask`` writes them, and prints a line of samples for each.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from tests.suite import processes


def ask(url: str, *modes: str, **more: Any) -> list[dict[str, Any]]:
    """One sample for each of ``modes`` (``json`` or ``stream``), sent one after the other.

    ``gap_s`` lies between two of them; ``slots`` take them, from ``begin_s`` after the first is due; ``deadline_s``, ``dialect``,
    ``fields``, ``retry``, ``connections``,
    ``ca_file`` and ``prompt`` are what a run's options say.
    """
    given = {"url": url, "modes": modes, **more}
    rows: list[dict[str, Any]] = processes.answer_of("tests.load.asking", given)
    return rows


def main(given: dict[str, Any]) -> None:
    from time import perf_counter

    import gevent

    from harness.domain import arrivals
    from harness.domain.field_map import field_map
    from harness.domain.mix import Mix
    from harness.domain.questions import Message, Question
    from harness.domain.retry import AS_A_CLIENT, NO_RETRY
    from harness.domain.sample import COLUMNS
    from harness.domain.schedule import Arrival
    from harness.load.generator import Generator
    from harness.load.spec import RunSpec

    fields = given.get("fields")
    spec = RunSpec(
        profile="steady",
        target="t",
        base_url=given["url"],
        dialect="mapped" if fields else given.get("dialect", "openai-chat"),
        load=arrivals.constant(rate=1).during(1),
        seed=1,
        slots=1,
        deadline_s=given.get("deadline_s", 5.0),
        mix=Mix(),
        questions_file="",
        questions_digest="",
        workspace=None,
        evidence=None,
        retry=AS_A_CLIENT if given.get("retry") else NO_RETRY,
        connections=given.get("connections", "shared"),
        ca_file=given.get("ca_file"),
        fields=field_map(fields) if fields else None,
    )
    question = Question("q0", (Message("user", given.get("prompt", "ping")),))
    gap_s = given.get("gap_s", 0.1)
    stripe = [Arrival(k, k * gap_s, "steady", True, "q0", mode == "stream") for k, mode in enumerate(given["modes"])]
    samples: list[dict[str, Any]] = []

    def keep(sample: Any) -> None:
        samples.append(dict(zip(COLUMNS, sample.row(), strict=True)))

    generator = Generator(spec, stripe, {"q0": question}, perf_counter() + 0.05, 0, keep)
    generator.start()
    gevent.sleep(given.get("begin_s", -0.05) + 0.05)
    gevent.joinall([gevent.spawn(generator.serve, f"slot{k}") for k in range(given.get("slots", 1))])
    more = {"sockets": generator._counts()[1], "no_free_slot": generator.no_free_slot}
    generator.close()
    print(json.dumps([{**row, **more} for row in samples]), flush=True)


if __name__ == "__main__":
    for asked in sys.stdin:
        main(json.loads(asked))
