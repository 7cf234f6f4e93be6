"""CPU of one recorded JSON request: ours, stock Locust's FastHttpUser, and a bare gevent + llhttp loop.

All three follow the same constant schedule against the same server on this machine.
CPU seconds are those of the whole process, taken as the slope between a short and a
long run, so start-up and the final write stand apart. Run by ``make bench``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent


def child_cpu_s(command: list[str], cwd: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def commands(url: str, rate: float, seconds: float, folder: Path) -> dict[str, list[str]]:
    """Each generator's command line for one run."""
    locust = [sys.executable, "-m", "locust", "--headless", "--only-summary", "--loglevel", "ERROR"]
    evidence = folder / f"ours-{seconds:g}-{time.monotonic_ns()}"
    ours = [*("--host", url, "--rate", str(rate), "--duration", str(seconds), "--warmup", "0", "--mode", "json")]
    ours += [*("--arrivals", "constant", "--questions", str(folder / "questions.jsonl"), "--evidence", str(evidence))]
    stock = ["-u", "50", "-r", "50", "-t", f"{seconds:g}s", "--host", url]
    return {
        "bare loop": [sys.executable, str(HERE / "bare_loop.py"), url, str(rate), str(seconds)],
        "ours": [*locust, "-f", str(ROOT / "loadprofiles" / "steady.py"), *ours],
        "stock FastHttpUser": [*locust, "-f", str(HERE / "stock_locustfile.py"), *stock],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--short", type=float, default=4.0)
    parser.add_argument("--long", type=float, default=16.0)
    o = parser.parse_args()
    os.environ["BENCH_RATE"] = str(o.rate)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        question = {"id": "q0", "messages": [{"role": "user", "content": "ping"}]}
        (folder / "questions.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
        server = subprocess.Popen([sys.executable, str(HERE / "null_server.py")], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            results = {}
            for kind in commands(url, o.rate, o.short, folder):
                short = child_cpu_s(commands(url, o.rate, o.short, folder)[kind], folder)
                long = child_cpu_s(commands(url, o.rate, o.long, folder)[kind], folder)
                results[kind] = (long - short) / (o.rate * (o.long - o.short))
        finally:
            server.kill()
            server.wait()
    bare = results["bare loop"]
    print(f"CPU per JSON request at {o.rate:g}/s, slope between {o.short:g} s and {o.long:g} s")
    for kind, seconds in results.items():
        print(f"  {kind:<20} {seconds * 1e6:7.0f} µs   {seconds / bare:5.2f} x the bare loop")


if __name__ == "__main__":
    main()
