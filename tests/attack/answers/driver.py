"""Asks hostile servers by the load engine alone: ``python -m tests.attack.answers.driver`` reads groups, prints samples.

One line of JSON in, a list of groups with
``url``, ``dialect``, ``fields``, ``streams`` and ``late``, all driven at once; one line out with the samples of each and the most
memory that this process had, before and after. With ``small`` the bounds of streams are, for a flood takes its time.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

SLOTS = 12
SMALL = {"STREAM_BYTES": 1 << 19, "MOST_EVENTS": 10_000, "EVENT_BYTES": 1 << 18}
GAP_S = 0.004
DEADLINE_S = (30.0, 1.0)  # the second of those that never end


def main(groups: list[dict[str, Any]], *, small: bool) -> None:
    """``small``: with bounds that a flood reaches sooner."""
    import gevent

    import harness.load.generator
    import harness.load.websocket  # noqa: F401 - all that a run imports, before memory is looked at

    if small:
        make_small()
    began, before = perf_counter() + 0.1, peak_mb()
    running = [_begin(group, began, late) for group in groups for late in (False, True)]
    for _, _, slots in running:
        gevent.joinall(slots)
    out = []
    for generator, samples, _ in running:
        rows, _ = generator.take()
        generator.close()
        out.append(
            {"samples": samples, "rows": len(rows), "failed": generator.failed, "sockets": generator._counts()[1]}
        )
    print(json.dumps({"parts": out, "before_mb": before, "after_mb": peak_mb()}), flush=True)


def _begin(group: dict[str, Any], began: float, late: bool) -> tuple[Any, list[dict[str, Any]], list[Any]]:
    """Those that are to reach their deadline apart from those that a busy machine may not keep until then."""
    import gevent

    from harness.domain import arrivals
    from harness.domain.field_map import field_map
    from harness.domain.mix import Mix
    from harness.domain.questions import Message, Question
    from harness.domain.schedule import Arrival
    from harness.load.generator import Generator
    from harness.load.spec import RunSpec

    spec = RunSpec(
        profile="steady",
        target="t",
        base_url=group["url"],
        dialect=group["dialect"],
        load=arrivals.constant(rate=1),
        seed=1,
        slots=SLOTS,
        deadline_s=group.get("deadline_s", DEADLINE_S[late]),
        mix=Mix(),
        questions_file="",
        questions_digest="",
        workspace=None,
        evidence=None,
        fields=field_map(group["fields"]) if group["fields"] else None,
    )
    mine = [k for k in range(len(group["streams"])) if group["late"][k] == late]
    stripe = [Arrival(k, n * GAP_S, "steady", True, "q0", group["streams"][k]) for n, k in enumerate(mine)]
    samples: list[dict[str, Any]] = []
    question = Question("q0", (Message("user", "ping"),))
    generator = Generator(spec, stripe, {"q0": question}, began, 0, lambda sample: samples.append(asdict(sample)))
    generator.start()
    return generator, samples, [gevent.spawn(generator.serve, f"slot {k}") for k in range(group.get("slots", SLOTS))]


def make_small() -> None:
    from harness.dialects import answer
    from harness.dialects.framing import aws_event_stream, json_array, ndjson, sse
    from harness.load import websocket

    for name, value in SMALL.items():
        holders = [one for one in (answer, aws_event_stream, json_array, ndjson, sse, websocket) if hasattr(one, name)]
        assert holders
        for holder in holders:
            setattr(holder, name, value)


def peak_mb() -> float:
    """Of this program alone: what the operating system hands on from the one that started it is left out where it can be."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().split("\n") if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()), small="small" in sys.argv)
