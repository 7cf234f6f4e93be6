"""Corrupted evidence: decide, report and status refuse it by name or doubt it by name; nothing else happens to them."""

from __future__ import annotations

import gc
import os
import random
import resource
import shutil
import signal
import threading
import time
import traceback
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import pipeline
from harness.calibration.calibrate import CALIBRATION_FORMAT
from harness.check.contract_check import Answer, Check
from harness.errors import Refused
from harness.evidence.digests import digest_of
from harness.evidence.files import dump, write_text
from harness.evidence.schema import FACTS_FORMAT, READINGS_FORMAT, TARGET_FORMAT
from harness.evidence.store import PLAN, SEAL
from harness.planning.seal import seal_of
from harness.words import all_said
from harness.workspace import open_workspace
from tests.attack.corruptor import spoils
from tests.builders import LIGHT, Pilot

SEED = 20261126
FEW = 8  # in the suite; all of them with -m attack
MOST_S = 20.0
ROOM_KB = 400 * 1024


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Evidence as a campaign leaves it, of every kind of file."""
    root = tmp_path_factory.mktemp("sound")
    pilot = Pilot(root, blocks=6, per_run=60, kept=True)
    workspace, plan, store = pilot.write()
    seal = seal_of(workspace, plan)
    store.write_seal(seal.digest, dict(seal.content))
    store.note("sealed again", files=store.digests(PLAN, SEAL))
    store.write_checks({"alpha": [Check("healthz answers", Answer.PASS)]})
    floor = dict.fromkeys([f"{w}_{p}_s" for w in ("lag", "response", "ttft") for p in ("p50", "p99")], 0.001) | {
        "n": 9,
        "streams": 9,
        "highest_rate_per_s": 500.0,
        "rates_tried_per_s": [500.0],
    }
    said = {"measured_utc": "2026-11-26T00:00:00+00:00", "passed": True, "machine": {}, "versions": {"harness": "test"}}
    write_text(
        store.root / "calibration.json", dump(CALIBRATION_FORMAT.stamped({**said, "floor": floor, "checks": []}))
    )
    store.keep("calibration.json")
    reading = {"kind": "series", "metric": "requests", "unit": "1", "points": [[1.0, 2.0]], "query": "", "source": "x"}
    for block in plan.units:
        for run in block.runs:
            path = store.run_folder(run, 1)
            write_text(path / "target.json", dump(TARGET_FORMAT.stamped({"name": run.target, "meta": {"model": "m"}})))
            write_text(path / "facts.json", dump(FACTS_FORMAT.stamped({"target": run.target, "facts": {}})))
            readings = READINGS_FORMAT.stamped({"source": "local-logs", "readings": [reading]})
            write_text(path / "readings" / "local-logs.json", dump(readings))
            at = path.relative_to(store.root).as_posix()
            names = ("target.json", "facts.json", "readings/local-logs.json")
            store.note("collected", files={at: {name: digest_of(path / name) for name in names}})
    return root


def cases(root: Path) -> list[tuple[str, str]]:
    """One file of each kind, with everything that may be done to it."""
    evidence = root / "evidence"
    run = next(p.parent for p in sorted(evidence.rglob("ledger.json")) if "b03" in str(p))
    files = [*sorted(evidence.glob("*.json*")), *sorted(p for p in run.rglob("*") if p.is_file())]
    return [(p.relative_to(root).as_posix(), name) for p in files for name in spoils(p)]


class Late(BaseException):
    """Nothing catches it by mistake, as TimeoutError is caught with OSError."""


@contextmanager
def within(seconds: float):
    """Whatever hangs is ended, also in a call that waits."""

    def late(*_):
        raise Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def told(root: Path, *, report: bool) -> tuple[str, str]:
    """The recommendation and everything that was said beside it; raises what is not a refusal."""
    try:
        workspace = open_workspace(root)
        outcome = pipeline.decide(workspace, effort=LIGHT)
        words = "\n".join(all_said(outcome.doubts))
        if report:
            pipeline.report(workspace, root / "report", effort=LIGHT)
        verdicts = sorted(f"{v.target} {v.profile} {v.slo.name} {v.judgement}" for v in outcome.findings.slos)
        return f"{outcome.decision.sentence} {verdicts}", words
    except Refused as refused:
        return "refused", str(refused)


def board(root: Path) -> str:
    try:
        return str(pipeline.status(open_workspace(root)))
    except Refused as refused:
        return str(refused)


def attacked(sound: Path, tmp: Path, chosen: list[tuple[str, str]], *, reports: int) -> Counter[str]:
    """What came of each, every ``reports``-th with a report; raises with every case that is not as it should be."""
    usual, before = told(sound, report=reports < len(chosen))
    assert "Sealed evidence" not in before, before
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, (file, name) in enumerate(chosen):
        root = tmp / str(number)
        shutil.copytree(sound, root, symlinks=True)
        path = root / file
        spoils(path)[name](path, random.Random(f"{SEED} {file} {name}"))
        began, held = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            with within(MOST_S):
                said, words = told(root, report=number % reports == 0)
                board(root)
        except (Exception, Late) as error:  # noqa: BLE001 - whatever it is, it is a finding
            at = traceback.extract_tb(error.__traceback__)[-1]
            wrong.append(f"{name} of {file}: {type(error).__name__}: {str(error)[:200]} ({at.filename}:{at.lineno})")
            continue
        changed = (
            not path.is_file() or path.stat().st_size > 1 << 30 or path.read_bytes() != (sound / file).read_bytes()
        )
        if changed and path.name not in words:
            wrong.append(
                f"{name} of {file} is not named{'' if said == usual else ' and changes the verdicts'}: {words[:300]}"
            )
        seen["refused" if said == "refused" else "named, the same" if said == usual else "named, another"] += 1
        seen["longest_ms"] = max(seen["longest_ms"], int((time.monotonic() - began) * 1e3))
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) // 1024
        seen["one_case_mib"] = max(seen["one_case_mib"], more)
        shutil.rmtree(root)
        gc.collect()
    seen["grown_mib"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) // 1024
    assert not wrong, f"{len(wrong)} of {len(chosen)}, {dict(seen)}:\n" + "\n".join(wrong)
    return seen


def test_some_corrupted_files_are_refused_or_doubted_by_name(sound, tmp_path):
    every = cases(sound)
    chosen = random.Random(SEED).sample([c for c in every if c[1] != "bomb"], FEW)
    threads = threading.active_count()

    seen = attacked(sound, tmp_path, chosen, reports=FEW)
    assert seen["one_case_mib"] * 1024 <= ROOM_KB
    assert threading.active_count() < threads + 10


@pytest.mark.attack
@pytest.mark.timeout(1800)
def test_every_corrupted_file_is_refused_or_doubted_by_name(sound, tmp_path):
    every = cases(sound)
    seen = attacked(sound, tmp_path, every, reports=4)
    print(f"\n{len(every)} corrupted files: {dict(seen)}")

    assert len(every) >= 300
    assert seen["one_case_mib"] * 1024 <= ROOM_KB


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(sound, tmp_path):
    root = tmp_path / "pilot"
    shutil.copytree(sound, root)
    path = root / cases(sound)[-1][0]
    path.chmod(0)

    assert path.name in told(root, report=False)[1]
