"""``python -m bench.router [--rate N] [--seconds N]``: what the embedded router adds, as a ratio to asking a side directly.

Two sides of this machine stream ``TOKENS`` events, one every ``EVERY_S``, after ``FIRST_S``. The same open-loop schedule is sent to a
side and to the router before both, in turns; each way's waits are pooled. Whole answers and first tokens are timed from the
intended send, in a process that does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx

from harness.domain.header_names import USUAL_LOWERED
from harness.local.asgi import bind
from harness.local.router import TOLD, SideTold, Told

TOKENS, FIRST_S, EVERY_S = 40, 0.15, 0.01
SIDE = f"""
import asyncio
from harness.local.asgi import bind, server_for
EVENT = b'event: token\\ndata: {{"text":"word"}}\\n\\n'
async def app(scope, receive, send):
    while (await receive()).get("more_body"): pass
    await asyncio.sleep({FIRST_S})
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}})
    for _ in range({TOKENS}):
        await send({{"type": "http.response.body", "body": EVENT, "more_body": True}})
        await asyncio.sleep({EVERY_S})
    await send({{"type": "http.response.body", "body": b""}})
listener = bind("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
asyncio.run(server_for(app).serve(sockets=[listener]))
"""


@dataclass
class Waits:
    """Seconds of one way, from the intended send."""

    first_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)


@contextmanager
def side():
    process = subprocess.Popen([sys.executable, "-c", SIDE], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def router(primary: str, secondary: str):
    door, control = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
    told = Told(
        {"primary": "a", "secondary": "b", "overflow": {"in_flight": 10_000}, "canary": {}, "fallback": {}},
        {"primary": SideTold("a", primary), "secondary": SideTold("b", secondary)},
        {name: value.decode() for name, value in USUAL_LOWERED._asdict().items()},
        "key",
        door.fileno(),
        control.fileno(),
    )
    fds = (told.door, told.control)
    command = [sys.executable, "-m", "harness.local.router"]
    process = subprocess.Popen(command, pass_fds=fds, env={TOLD: told.text()})
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(door.getsockname(), 0.2).close()
            httpx.get(url, timeout=2, trust_env=False)
            break
        except (OSError, httpx.HTTPError):
            time.sleep(0.05)
    door.close()
    control.close()
    try:
        yield url
    finally:
        process.kill()
        process.wait()


async def drive(url: str, rate: float, seconds: float, seed: int, waits: Waits) -> None:
    """Poisson arrivals; none waits for another."""
    rng, at, due = random.Random(seed), 0.0, []
    while (at := at + rng.expovariate(rate)) < seconds:
        due.append(at)
    body = json.dumps({"messages": [{"role": "user", "content": "What is a generator?"}], "stream": True}).encode()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as client:
        began = time.perf_counter()

        async def one(when: float) -> None:
            await asyncio.sleep(max(0.0, began + when - time.perf_counter()))
            first = None
            async with client.stream("POST", f"{url}/v1/chat", content=body) as answer:
                async for _ in answer.aiter_raw():
                    first = first or time.perf_counter()
            waits.first_s.append((first or time.perf_counter()) - began - when)
            waits.whole_s.append(time.perf_counter() - began - when)

        await asyncio.gather(*(one(when) for when in due))


def p(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rate", type=float, default=30.0, help="requests a second; the full demo's burst peaks at 20")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each turn")
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    direct, routed = Waits(), Waits()
    with ExitStack() as stack:
        primary, secondary = stack.enter_context(side()), stack.enter_context(side())
        door = stack.enter_context(router(primary, secondary))
        for turn in range(asked.turns):
            ways = [(primary, direct), (door, routed)]
            for url, waits in ways if turn % 2 else ways[::-1]:
                asyncio.run(drive(url, asked.rate, asked.seconds, turn, waits))
    print(f"{len(direct.whole_s)} requests each way at {asked.rate:g}/s, {TOKENS} events an answer")
    for what in ("first_s", "whole_s"):
        a, b = getattr(direct, what), getattr(routed, what)
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            x, y = p(a, share), p(b, share)
            words = (
                f"direct {x * 1e3:7.1f} ms  routed {y * 1e3:7.1f} ms  ratio {y / x:.3f}  adds {(y - x) * 1e3:+.2f} ms"
            )
            print(f"  {what.removesuffix('_s'):<6} {name}  {words}")
    print(
        f"  mean of the whole: adds {(statistics.fmean(routed.whole_s) - statistics.fmean(direct.whole_s)) * 1e3:+.2f} ms"
    )


if __name__ == "__main__":
    main()
