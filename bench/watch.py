"""``python -m bench.watch``: what the live page costs a run that goes on, and how far behind it is.

    python -m bench.watch [--repeats N] [--rate PER_SECOND] [--seconds SECONDS]

The same schedule runs with the page and without it, in turns (AB, BA, …), against one server on this machine.
With it, ``pilot watch`` serves the run's evidence and a page asks it as often as the real one does. CPU seconds are
the load generator's own process; of the repeats the least counts, for other tenants of the machine can only add. The page's delay
is from an answer's end to the moment when the page has it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import orjson

from bench.__main__ import JSON, LOCUST, ROOT, server
from harness.domain.plan import Block, Plan, ProfilePlan, Run, Start
from harness.domain.quantile import quantile
from harness.evidence.store import Store
from harness.watch.beside import PARENT_VARIABLE
from tests.builders import Pilot

GAP_S = 0.1  # as page.js while something is measured: the server answers when something is new
WARM_S = 1.0
MORE = """
[limits]
max_rate = 5000
[load]
questions = "questions.jsonl"
"""


@dataclass
class Seen:
    """The figures of several runs of one kind."""

    cpu_s: list[float] = field(default_factory=list)
    lag_p99_s: list[float] = field(default_factory=list)
    valid: int = 0
    delays_s: list[float] = field(default_factory=list)
    page_cpu_s: list[float] = field(default_factory=list)
    asked: int = 0


def workspace(root: Path, rate: float, seconds: float) -> tuple[Store, Run]:
    """A plan of one run, as a campaign has it."""
    Pilot(root, blocks=2).workspace()
    with (root / "pilot.toml").open("a", encoding="utf-8") as file:
        file.write(MORE)
    question = {"id": "q0", "messages": [{"role": "user", "content": "ping"}]}
    (root / "questions.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
    store, now = Store(root / "evidence"), datetime.now(UTC).isoformat(timespec="seconds")
    run = Run(1, 1, "alpha", "steady", 1, "sha256:0", round(rate * seconds), seconds)
    profile = ProfilePlan("steady", "loadprofiles/steady.py", Start.WARM, (), seconds, 0.0, run.requests)
    store.write_plan(
        Plan("alpha", "beta", 1, (Block(1, "AB", now, 1, "now", (run,)),), (profile,), "sha256:q", Decimal(0), now)
    )
    store.note("run begun", run=run.id, attempt=1)
    return store, run


def measured(root: Path, url: str, options: argparse.Namespace, seen: Seen, *, page: bool) -> None:
    """One run, with the page or without it."""
    store, run = workspace(root, options.rate, options.seconds)
    folder = store.run_folder(run, 1)
    folder.parent.mkdir(parents=True)
    given = {"--host": url, "--rate": options.rate, "--duration": options.seconds, "--warmup": 0, "--mode": "json"}
    given |= {"--arrivals": "constant", "--slots": JSON.slots, "--evidence": folder}
    words = [*LOCUST, "-f", str(ROOT / "loadprofiles/steady.py"), *(str(p) for pair in given.items() for p in pair)]
    over, beside, asking = threading.Event(), _page(root) if page else None, None
    if beside is not None and beside.stdout is not None:  # up before the run, as beside a campaign
        address = json.loads(beside.stdout.readline())["address"]
        asking = threading.Thread(target=_ask, args=(address, folder, seen, over))
        asking.start()
        time.sleep(WARM_S)
    generator = subprocess.Popen(words, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(generator.pid, 0)
    generator.returncode = os.waitstatus_to_exitcode(status)
    over.set()
    if asking and beside:
        asking.join()
        assert beside.stdin is not None
        beside.stdin.close()
        _, _, its = os.wait4(beside.pid, 0)
        beside.returncode = 0
        seen.page_cpu_s.append(its.ru_utime + its.ru_stime)
    ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
    seen.cpu_s.append(used.ru_utime + used.ru_stime)
    seen.lag_p99_s.append(ledger["lag_p99_s"])
    seen.valid += ledger["valid"]


def _page(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "harness", "watch", str(root), "--json"],
        env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _ask(address: str, folder: Path, seen: Seen, over: threading.Event) -> None:
    """As the page does, and when it had each answer; the gate's cookie is the address's token."""
    where = urlsplit(address)
    token = where.query.partition("=")[2]
    headers = {"Cookie": f"pilot_page_{where.port}={token}"}
    started, dots, key, stamp = None, 0, "", ""
    while not over.wait(GAP_S):
        link = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        link.request("GET", "/data?" + urlencode({"key": key, "dots": dots, "stamp": stamp}), headers=headers)
        said = orjson.loads(link.getresponse().read())
        link.close()
        at, seen.asked = time.perf_counter(), seen.asked + 1
        lane, stamp = said["shown"]["lanes"][0], said["stamp"]
        if lane["state"] != "going" or lane["dots_from"] != dots:
            continue
        started = started or json.loads((folder / "run.json").read_text(encoding="utf-8"))["started_monotonic_s"]
        seen.delays_s += [at - started - dot[0] - dot[1] for dot in lane["dots"]]
        key, dots = said["shown"]["key"], dots + len(lane["dots"])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bench.watch", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=12.0)
    options = parser.parse_args()
    kinds = {False: Seen(), True: Seen()}
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as url:
        for k in range(options.repeats):
            for page in (False, True) if k % 2 == 0 else (True, False):
                root = Path(name) / f"{k}-{page}"
                root.mkdir()
                measured(root, url, options, kinds[page], page=page)
    without, beside = kinds[False], kinds[True]
    requests = options.rate * options.seconds
    print(
        f"{requests:g} requests in {options.seconds:g} s, {options.repeats} runs with the page and {options.repeats} without"
    )
    for word, seen in (("without", without), ("with", beside)):
        least, middle = min(seen.cpu_s), statistics.median(seen.cpu_s)
        lag = statistics.median(seen.lag_p99_s) * 1e3
        print(f"  {word:<8} generator {least:.3f} s CPU ({middle:.3f})   lag p99 {lag:.2f} ms   VALID {seen.valid}")
    ratio = min(beside.cpu_s) / min(without.cpu_s), statistics.median(beside.cpu_s) / statistics.median(without.cpu_s)
    print(f"  with / without: {ratio[0]:.3f} ({ratio[1]:.3f}), least (median) of each")
    delays_s = beside.delays_s
    p50, p99 = (quantile(delays_s, p) or 0.0 for p in (0.5, 0.99))
    print(
        f"  the page has an answer {p50:.2f} s after its end (p99 {p99:.2f}, most {max(delays_s):.2f}; {len(delays_s)} answers)"
    )
    print(
        f"  pilot watch itself {statistics.median(beside.page_cpu_s):.2f} s CPU a run, start included, at a low priority"
    )


if __name__ == "__main__":
    main()
