"""What a recorded request costs: ours, stock Locust's FastHttpUser and a bare gevent + llhttp loop, side by side.

    python -m bench [json] [stream] [workers] [memory] [others] [--repeats N]

All follow the same constant schedule at the same rate against the same server on this machine, in turns.
CPU seconds are those of whole processes, taken as the slope between a short and a long run, so that start-up
and the final write stand apart. Of the repeats the least counts for each length: other tenants of the machine can
only add. Run by ``make bench``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
LOCUST = [sys.executable, "-m", "locust", "--headless", "--only-summary", "--loglevel", "ERROR"]


@dataclass(frozen=True)
class Case:
    """One schedule: what is asked, how often, and what the figure is per."""

    mode: str
    rate: float
    slots: int
    short_s: float
    long_s: float
    per_request: int  # units of work in a request
    unit: str


JSON = Case("json", 1500, 200, 3, 11, 1, "recorded JSON request")
STREAM = Case("stream", 40, 200, 4, 14, 100, "recorded streamed token")


def child(command: list[str], cwd: Path) -> tuple[float, str]:
    """CPU seconds of a process and all its children, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


@contextmanager
def server(cwd: Path):
    process = subprocess.Popen(
        [sys.executable, str(HERE / "null_server.py")], stdout=subprocess.PIPE, text=True, cwd=cwd
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


class Bench:
    """Commands of the generators against one server."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.evidence = url, folder, folder
        question = {"id": "q0", "messages": [{"role": "user", "content": "ping"}]}
        (folder / "questions.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")

    def bare(self, case: Case, seconds: float) -> list[str]:
        return [
            sys.executable,
            str(HERE / "bare_loop.py"),
            self.url,
            *map(str, (case.rate, seconds, case.mode, case.slots)),
        ]

    def ours(self, case: Case, seconds: float, *more: str) -> list[str]:
        self.evidence = self.folder / f"ours-{time.monotonic_ns()}"
        given = {
            "--host": self.url,
            "--rate": case.rate,
            "--duration": seconds,
            "--warmup": 0,
            "--mode": case.mode,
            "--slots": case.slots,
            "--arrivals": "constant",
            "--questions": self.folder / "questions.jsonl",
            "--evidence": self.evidence,
        }
        return [
            *LOCUST,
            "-f",
            str(ROOT / "loadprofiles/steady.py"),
            *(str(p) for pair in given.items() for p in pair),
            *more,
        ]

    def stock(self, case: Case, seconds: float) -> list[str]:
        os.environ.update(BENCH_RATE=str(case.rate), BENCH_MODE=case.mode, BENCH_SLOTS=str(case.slots))
        users = ["-u", str(case.slots), "-r", str(case.slots), "-t", f"{seconds:g}s"]
        return [*LOCUST, "-f", str(HERE / "stock_locustfile.py"), *users, "--host", self.url]

    def both(self, case: Case, command: Callable[[Case, float], list[str]]) -> tuple[float, float, str]:
        """CPU seconds of a short and of a long run, and what the long one printed."""
        short, _ = child(command(case, case.short_s), self.folder)
        long, said = child(command(case, case.long_s), self.folder)
        return short, long, said

    def ttft_ms(self) -> tuple[float, float]:
        """p50 and p99 of our last run, from the intended send."""
        import pyarrow.parquet as pq  # noqa: PLC0415

        rows = pq.read_table(self.evidence / "samples.parquet", columns=["first_token_s", "scheduled_s"]).to_pylist()
        values = sorted(r["first_token_s"] - r["scheduled_s"] for r in rows if r["first_token_s"] is not None)
        return values[len(values) // 2] * 1e3, values[int(len(values) * 0.99)] * 1e3


@dataclass
class Cost:
    """CPU seconds of short and long runs of one generator."""

    case: Case
    shorts: list[float] = field(default_factory=list)
    longs: list[float] = field(default_factory=list)

    def add(self, short: float, long: float) -> None:
        self.shorts.append(short)
        self.longs.append(long)

    def per_unit_us(self, pick: Callable[[list[float]], float] = min) -> float:
        units = self.case.rate * (self.case.long_s - self.case.short_s) * self.case.per_request
        return (pick(self.longs) - pick(self.shorts)) / units * 1e6


def compare(bench: Bench, case: Case, repeats: int) -> None:
    kinds = {"bare loop": bench.bare, "ours": bench.ours, "stock FastHttpUser": bench.stock}
    costs = {kind: Cost(case) for kind in kinds}
    ttfts: dict[str, list[tuple[float, ...]]] = {"bare loop": [], "ours": []}
    valid = []
    for _ in range(repeats):
        for kind, command in kinds.items():
            short, long, said = bench.both(case, command)
            costs[kind].add(short, long)
            if kind == "ours":
                valid.append(json.loads((bench.evidence / "ledger.json").read_text())["valid"])
            if case.mode == "stream" and kind in ttfts:
                own = bench.ttft_ms() if kind == "ours" else tuple(float(x) * 1e3 for x in said.split())
                ttfts[kind].append(own)
    bare = costs["bare loop"]
    print(
        f"\nCPU per {case.unit} at {case.rate:g}/s, slope {case.short_s:g} s to {case.long_s:g} s, least (median) of {repeats}"
    )
    for kind, cost in costs.items():
        least, middle = cost.per_unit_us(), cost.per_unit_us(statistics.median)
        ratios = f"{least / bare.per_unit_us():.2f} ({middle / bare.per_unit_us(statistics.median):.2f})"
        print(f"  {kind:<20} {least:7.1f} µs ({middle:.1f})   {ratios} x the bare loop")
    print(f"  valid runs of ours: {sum(valid)} of {len(valid)}")
    for kind, pairs in ttfts.items():
        if pairs:
            p50, p99 = (statistics.median(p[k] for p in pairs) for k in (0, 1))
            print(f"  first token from the intended send, {kind:<10} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms")


def workers(bench: Bench, repeats: int) -> None:
    """With its master: two workers against one at the same total rate, and at the same rate a worker."""
    half = replace(JSON, rate=JSON.rate / 2)
    cases = {"one worker": (1, JSON), "one worker, half the rate": (1, half), "two workers": (2, JSON)}
    costs = {name: Cost(case) for name, (_, case) in cases.items()}
    for _ in range(repeats):
        for name, (count, case) in cases.items():

            def command(case: Case, seconds: float, count: int = count) -> list[str]:
                return bench.ours(case, seconds, "--processes", str(count))

            short, long, _ = bench.both(case, command)
            costs[name].add(short, long)
    two = costs["two workers"].per_unit_us()
    print(f"\nCPU per {JSON.unit} with its master, {JSON.rate:g}/s in all, least of {repeats}")
    for name, cost in costs.items():
        print(f"  {name:<28} {cost.per_unit_us():7.1f} µs   two workers cost {two / cost.per_unit_us():.2f} x that")


def memory(bench: Bench, repeats: int) -> None:
    del repeats
    _, said = child([sys.executable, str(HERE / "master_memory.py")], bench.folder)
    print("\n" + said.rstrip())


def others(bench: Bench, repeats: int) -> None:
    """Closed-loop generators, as hard as they can: for the order of magnitude only."""
    del repeats
    print("\nClosed-loop generators that are installed, 20 connections, 5 s, as fast as they can (no schedule, no SSE)")
    body = bench.folder / "body.json"
    body.write_text('{"messages":[{"role":"user","content":"ping"}],"stream":false}')
    lua = bench.folder / "post.lua"
    lua.write_text(
        f"wrk.method='POST'\nwrk.body='{body.read_text()}'\nwrk.headers['Content-Type']='application/json'\n"
    )
    chat = bench.url + "/v1/chat"
    commands = {
        "wrk": ["wrk", "-t1", "-c20", "-d5s", "-s", str(lua), chat],
        "hey": ["hey", "-z", "5s", "-c", "20", "-m", "POST", "-D", str(body), chat],
        "ab": ["ab", "-k", "-t", "5", "-c", "20", "-p", str(body), "-T", "application/json", chat],
    }
    for name, command in commands.items():
        if shutil.which(name) is None:
            print(f"  {name:<6} not installed")
            continue
        cpu, said = child(command, bench.folder)
        lines = [line.strip() for line in said.splitlines() if "equests/sec" in line or "equests per second" in line]
        print(f"  {name:<6} {cpu:.2f} s CPU   {' '.join(lines)}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parts = ("json", "stream", "workers", "memory", "others")
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="default: all")
    parser.add_argument("--repeats", type=int, default=3)
    o = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as url:
        bench = Bench(url, Path(name))
        for part in o.parts or parts:
            match part:
                case "json":
                    compare(bench, JSON, o.repeats)
                case "stream":
                    compare(bench, STREAM, o.repeats)
                case "workers":
                    workers(bench, o.repeats)
                case "memory":
                    memory(bench, o.repeats)
                case "others":
                    others(bench, o.repeats)


if __name__ == "__main__":
    main()
