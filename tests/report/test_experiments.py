"""Targets at their extremes: each gives clear pages, and none a crash."""

import re

import pytest

from harness import pipeline
from harness.domain.experiments.capacity import METHOD
from harness.words import all_said
from tests.builders import LIGHT, Pilot, failed, sample

COLD = {"instance_requests": 1, "init_ms": 80.0, "instance_age_ms": 100.0}
WARM = {"cold": False, "instance_requests": 2, "instance_age_ms": 9e5}


def probes(cold, refused=False):
    """Two forced and two idle probes with their controls."""
    made = failed if refused else sample
    rows = []
    for k, kind in enumerate(("forced", "control", "forced", "control", "idle", "control", "idle", "control")):
        what = {**COLD, "cold": True} if cold and kind != "control" else WARM
        rows.append(failed(k, phase=kind) if refused else made(k, phase=kind, instance_id="i", **what))
    colds = [{"kind": "killed", "method": "every environment killed"}] * 2
    return rows, {"kind": "cold-starts", "colds": colds, "ended": "every probe is done"}


def gaps(states):
    """One lane, gaps of 2, 4, 8 … s; None is a refusal."""
    rows, at = [sample(0, phase="prime", measured=False, cold=True, response_s=0.1)], 0.1
    for k, cold in enumerate(states, start=1):
        at += 2.0**k
        made = failed(k, phase="window", scheduled_s=at) if cold is None else None
        rows.append(made or sample(k, phase="window", cold=cold, scheduled_s=at, response_s=0.1))
        at = rows[-1].finished_s
    return rows, {"kind": "keep-alive", "colds": [], "ended": "done"}


def zero(cold, refused=False):
    """Four at once."""
    rows = [
        failed(k, phase="zero-01", scheduled_s=0.5)
        if refused
        else sample(k, phase="zero-01", scheduled_s=0.5, cold=cold, instance_id=f"i{k}")
        for k in range(4)
    ]
    return rows, {"kind": "from-zero", "colds": [], "ended": "every burst is done"}


def search(kept, broken):
    """Four steps at each of two rates, the one kept and the other broken; None where there was none."""
    rates = [(rate, ok) for rate, ok in ((kept, True), (broken, False)) if rate is not None for _ in range(4)]
    steps = [
        {
            "phase": f"step-{k:02d}",
            "rate": rate,
            "p95_s": 0.5 if ok else None,
            "offered": 5,
            "kept": ok,
            "verdict": "kept" if ok else "broken",
            "why": "" if ok else "failures",
        }
        for k, (rate, ok) in enumerate(rates)
    ]
    rows = [
        sample(k, phase=s["phase"], instance_id="i") if s["kept"] else failed(k, phase=s["phase"])
        for k, s in enumerate(s for s in steps for _ in range(5))
    ]
    promise = {"p95_s": 2.0, "ttft_p95_s": 1.0, "error_rate": 0.02}
    record = {"kind": "capacity", "method": METHOD, "colds": [], "ended": "done", "steps": steps, "kept_per_s": kept}
    return rows, {**record, "promise": promise, "precision": 1.25, "step_s": 20, "least_rate": 0.02, "most_rate": 40}


def dead(k, phase):
    made = failed(k, "connection_error", phase=phase, scheduled_s=k * 0.2)
    made.status, made.layer, made.retry_after_s = None, "network", None
    return made


def pages(folder, **tracks):
    bursts = tracks.pop("burst", {})
    pilot = Pilot(folder, burst=bursts, tracks=tracks)
    workspace, _, _ = pilot.write()
    outcome, path = pipeline.report(workspace, workspace.rendered, effort=LIGHT)
    return outcome, path.read_text(), (path.with_suffix(".md")).read_text()


def both(made):
    return {"alpha": made, "beta": made}


def test_a_target_that_never_goes_cold(tmp_path):
    _, _, text = pages(
        tmp_path,
        coldstart=both(probes(cold=False)),
        keepalive=both(gaps([False] * 4)),
        fromzero=both(zero(cold=False)),
        capacity=both(search(9.0, 10.0)),
    )

    assert "Alpha: no probe was cold though it had been made cold." in text
    assert "never cold up to 16 s in 4 probes: the window is longer" in text
    assert "No probe met a cold instance" in text
    assert re.search(r"Alpha sustains 9\.\d+ requests a second within the SLO", text)


def test_a_target_that_is_always_cold(tmp_path):
    _, _, text = pages(
        tmp_path,
        coldstart=both(probes(cold=True)),
        keepalive=both(gaps([True] * 3)),
        fromzero=both(zero(cold=True)),
        capacity=both(search(40.0, None)),
    )

    assert "Beta: 100 % of the probes after it was made cold were cold." in text
    assert "cold in all 3 probes from 2 s on: the window is shorter" in text
    assert "Beta sustains at least 40.0 requests a second" in text


def test_a_target_that_refuses_everything(tmp_path):
    refusing = {
        "alpha": [failed(k, phase="burst") for k in range(20)],
        "beta": [failed(k, phase="burst") for k in range(20)],
    }
    outcome, _, text = pages(
        tmp_path,
        burst=refusing,
        coldstart=both(probes(cold=False, refused=True)),
        keepalive=both(gaps([None] * 2)),
        fromzero=both(zero(cold=None, refused=True)),
        capacity=both(search(None, 0.5)),
    )

    assert "Alpha: every probe failed, so nothing is known of its cold starts." in text
    assert "no probe said whether it was cold" in text
    assert "no rate met the SLOs" in text
    assert "figures/keep-alive-curve" not in text
    assert "Alpha refuses at once" in text
    assert "The capacity of alpha is unknown: no rate met the SLOs." in all_said(outcome.doubts)


def test_a_target_that_could_not_be_made_cold_has_no_probes_and_a_doubt(tmp_path):
    ended = "alpha could not be made cold: not for you"
    record = {"kind": "cold-starts", "colds": [{"error": ["not for you"]}], "ended": ended}
    outcome, _, text = pages(tmp_path, coldstart=both(([], record)), fromzero=both(([], record)))

    assert "cold-start probes (`[profiles.coldstart]`)" in text
    assert f"An experiment ended early: {ended}." in all_said(outcome.doubts)


def test_a_target_that_dies_in_the_burst(tmp_path):
    phases = ["base"] * 10 + ["burst"] * 30 + ["base"] * 10
    dying = [sample(k, phase=p, scheduled_s=k * 0.2) if k < 25 else dead(k, p) for k, p in enumerate(phases)]
    alive = [sample(k, phase=p, scheduled_s=k * 0.2) for k, p in enumerate(phases)]
    _, html, text = pages(tmp_path, burst={"alpha": alive, "beta": dying})

    assert "not within the quiet time, in 6 of 6" in text
    assert r"150 connection error by network" in text
    assert "Under burst traffic the p95 of Beta is infinite" in text
    assert "<h2" in html


@pytest.mark.parametrize("missing", [("coldstart", "keepalive"), ("fromzero", "capacity")], ids=" and ".join)
def test_a_plan_without_some_of_the_experiments_says_so_or_leaves_their_pages_out(tmp_path, missing):
    tracks = {
        "coldstart": both(probes(cold=True)),
        "keepalive": both(gaps([False, True])),
        "fromzero": both(zero(cold=True)),
        "capacity": both(search(9.0, 10.0)),
    }
    _, _, text = pages(tmp_path, **{name: made for name, made in tracks.items() if name not in missing})

    assert ("cold-start probes (`[profiles.coldstart]`)" in text) == ("coldstart" in missing)
    assert ("sustainable capacity (`[profiles.capacity]`)" in text) == ("capacity" in missing)
    assert ("How long an idle instance is kept" in text) == ("keepalive" not in missing)
    assert ("Many at once, from zero" in text) == ("fromzero" not in missing)
