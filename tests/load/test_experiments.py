"""Experiments as a person runs them: Locust in a child process, a target whose truth is known."""

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.fakes import ONE_S, ScriptedServer
from tests.load.run import ROOT, described, finish, interrupt_when_running, questions_file, run, start
from tests.local.platform import workspace
from tests.local.test_lifecycle import PILOT
from tests.peers.start import free_port

AT_ONCE = 5  # of a burst from zero: each is a process that starts
IDLE_S = "idle_s         = 3"
FILE = "from harness.load import ChatUser, arrivals\n\n\nclass AnyUser(ChatUser):\n    schedule = {}\n"


@pytest.fixture
def server():
    running = ScriptedServer()
    yield running
    running.close()


def locustfile(folder, schedule):
    path = folder / "experiment.py"
    path.write_text(FILE.format(schedule))
    return path


def options(server, cwd, act="ok", **more):
    given = {"--host": server.url, "--deadline": 3, "--mode": "json", "--questions": questions_file(cwd, [act]), **more}
    return [str(part) for pair in given.items() for part in pair]


def steps_of(done):
    return done.json("run.json")["experiment"]["steps"]


def test_a_search_goes_up_until_the_limits_and_its_samples_are_whole(server, tmp_path):
    (tmp_path / "pilot.toml").write_text(PILOT + "[limits]\nmax_rate = 12\n")
    file = locustfile(tmp_path, "arrivals.capacity(rate=6, step_s=1, least=8, precision=2.5)")
    done = run(tmp_path, *options(server, tmp_path), "--i-own-this-host", file=file)
    experiment = done.json("run.json")["experiment"]

    assert done.ended_well, done.output
    assert [step["rate"] for step in experiment["steps"]][:3] == [6, 9, 12]
    assert experiment["kept_per_s"] == 12
    assert experiment["high_per_s"] is None
    assert experiment["ended"] == "the highest rate that is allowed is kept"
    assert "found          at least 12/s carried, no limit found" in done.output
    assert done.json("ledger.json")["planned"] == len(done.samples) == sum(s["offered"] for s in experiment["steps"])
    assert [row["seq"] for row in done.samples] == list(range(len(done.samples)))
    assert {row["phase"] for row in done.samples} == {step["phase"] for step in experiment["steps"]}


IGNORED = (
    ("capacity", ["--duration", "60"], "--duration: capacity decides by itself"),
    ("coldstart", ["--rate", "3"], "--rate: cold-starts decides by itself"),
    ("keepalive", ["--trace", "x.csv"], "--trace: keep-alive decides by itself"),
    ("fromzero", ["--arrivals", "constant", "--warmup", "5"], "--arrivals: from-zero decides by itself"),
)


def test_an_option_that_an_experiment_would_ignore_is_refused():
    told = described(ROOT, *([f"loadprofiles/{profile}.py", *given] for profile, given, _ in IGNORED))
    for said, (_, _, words) in zip(told, IGNORED, strict=True):
        assert said["code"] == 2
        assert words in said["err"]


@pytest.mark.slow  # 11 s; workers share a schedule in test_runs.py
def test_two_workers_share_a_search(server, tmp_path):
    (tmp_path / "pilot.toml").write_text(PILOT + "[limits]\nmax_rate = 9\n")
    file = locustfile(tmp_path, "arrivals.capacity(rate=6, step_s=1, least=8, precision=2.5)")
    done = run(tmp_path, *options(server, tmp_path), "--processes", "2", file=file)

    assert done.ended_well, done.output
    assert {row["worker"] for row in done.samples} == {0, 1}
    assert {row["outcome"] for row in done.samples} == {"ok"}
    assert [step["rate"] for step in steps_of(done)][:2] == [6, 9]


def test_a_target_that_refuses_everything_ends_the_search_soon_and_the_run_is_valid(server, tmp_path):
    file = locustfile(tmp_path, "arrivals.capacity(rate=40, step_s=1, least=10)")
    done = run(tmp_path, *options(server, tmp_path, "throttled soon"), file=file)

    assert done.ended_well, done.output
    assert not any(step["kept"] for step in steps_of(done))
    assert done.json("run.json")["experiment"]["kept_per_s"] is None
    assert {row["refused_by"] for row in done.samples} == {"service"}


def test_an_interrupted_search_keeps_what_it_measured_and_says_invalid(server, tmp_path):
    file = locustfile(tmp_path, "arrivals.capacity(rate=5, step_s=20)")
    folder = tmp_path / "run"
    process = start(tmp_path, "--evidence", str(folder), *options(server, tmp_path), file=file)
    interrupt_when_running(process, folder, 5)
    done = finish(process, tmp_path, folder)

    assert done.code == 130, done.output
    assert done.samples
    assert not done.json("ledger.json")["valid"]
    assert done.json("run.json")["experiment"]["ended"] is None


def test_probes_of_a_target_that_cannot_be_made_cold_are_idle_gaps(server, tmp_path):
    file = locustfile(tmp_path, "arrivals.cold_starts(forced=2, idle=1, idle_s=1, control_after_s=0.5)")
    done = run(tmp_path, *options(server, tmp_path), file=file)

    assert done.ended_well, done.output
    assert [row["phase"] for row in done.samples] == ["idle", "control"]
    assert done.json("run.json")["experiment"]["skipped"] == "this target cannot be made cold"


def test_a_dead_target_ends_every_experiment_as_a_valid_bad_run(tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    for number, schedule in enumerate(
        (
            "arrivals.cold_starts(forced=1, idle=1, idle_s=0.5, control_after_s=0.3)",
            "arrivals.from_zero(requests=3, repeats=1, idle_s=0.5)",
            "arrivals.keep_alive(first_s=1, shortest_s=0.5, longest_s=4, duration_s=20)",
        )
    ):
        cwd = tmp_path / str(number)
        cwd.mkdir()
        done = run(cwd, *options(SimpleNamespace(url=url), cwd), file=locustfile(cwd, schedule))

        assert done.ended_well, done.output
        assert {row["outcome"] for row in done.samples} == {"connection_error"}


@pytest.fixture
def demo(tmp_path, corpus):
    """The demo's workspace; one small burst from zero is enough here, and an instance that is idle goes sooner."""
    made = workspace(tmp_path / "w", corpus)
    for name, schedule in (
        ("fromzero", f"arrivals.from_zero(requests={AT_ONCE}, repeats=1, idle_s=4, rest_s=0.5)"),
        ("coldstart", "arrivals.cold_starts(forced=2, idle=1, idle_s=2.8, control_after_s=0.5)"),
    ):
        (made / "loadprofiles" / f"{name}.py").write_text(FILE.format(schedule))
    path = made / "targets" / "local_function" / "target.toml"
    text = path.read_text()
    assert IDLE_S in text
    path.write_text(text.replace(IDLE_S, "idle_s         = 2"))
    return made


def by_hand(folder, profile, target, *options, **environment):
    """As typed in the pilot's folder, on an embedded target that the run starts itself."""
    out = folder / f"out-{profile}"
    file = Path("loadprofiles") / f"{profile}.py"
    process = start(folder, "--target", target, "--evidence", str(out), *options, file=file, **environment)
    return finish(process, folder, out, timeout=240)


@pytest.mark.slow  # 16 s of waiting for one lane after the other
def test_each_copy_of_an_embedded_function_is_a_lane_of_its_own(demo):
    (demo / "loadprofiles" / "keepalive.py").write_text(
        FILE.format("arrivals.keep_alive(first_s=1, shortest_s=0.5, longest_s=8, duration_s=12, reversals=3)")
    )
    done = by_hand(demo, "keepalive", "local_function")

    assert done.ended_well, done.output
    assert {r["lane"] for r in done.samples} == {1, 2, 3}
    assert {r["outcome"] for r in done.samples} == {"ok"}


def test_every_forced_probe_of_an_embedded_function_is_cold_and_its_control_is_warm(demo):
    done = by_hand(demo, "coldstart", "local_function")
    rows = {phase: [r["cold"] for r in done.samples if r["phase"] == phase] for phase in ("forced", "idle", "control")}

    assert done.ended_well, done.output
    assert set(rows["forced"]) == set(rows["idle"]) == {True}
    assert set(rows["control"]) == {False}
    assert {c["kind"] for c in done.json("run.json")["experiment"]["colds"]} == {"killed"}


def test_a_burst_from_zero_meets_as_many_cold_instances_as_requests(demo):
    done = by_hand(demo, "fromzero", "local_function")
    first = [r for r in done.samples if r["phase"] == "zero-01"]

    assert done.ended_well, done.output
    assert len({r["instance_id"] for r in first}) == len(first) == AT_ONCE
    assert all(r["cold"] for r in first)


def test_provisioned_environments_take_the_cold_away_as_far_as_they_reach(demo):
    done = by_hand(demo, "fromzero", "local_function_provisioned")
    first = [r for r in done.samples if r["phase"] == "zero-01"]

    assert done.ended_well, done.output
    assert sum(r["cold"] is False and r["init_type"] == "provisioned" for r in first) == 2
    assert sum(r["cold"] is True for r in first) == AT_ONCE - 2


def test_a_target_that_could_not_be_made_cold_is_not_probed_as_if_it_had_been(demo, server):
    """``--host`` drives another deployment than the embedded one, which is not even up."""
    done = by_hand(demo, "coldstart", "local_function", "--host", server.url)

    assert done.ended_well, done.output
    assert done.samples == []
    assert "could not be made cold" in done.json("run.json")["experiment"]["ended"]
    assert "local_function is not up" in done.output


def test_one_instance_of_a_container_from_zero_delays_several_requests(demo):
    (demo / "targets" / "from_zero").mkdir()
    (demo / "targets" / "from_zero" / "target.toml").write_text(
        'variant_of = "local_container"\n[runtime]\nworkers = 0\nmax_workers = 1\nconcurrency = 10\n'
    )
    done = by_hand(demo, "fromzero", "from_zero")
    first = [r for r in done.samples if r["phase"] == "zero-01"]

    assert done.ended_well, done.output
    assert sum(r["cold"] is True for r in first) == AT_ONCE
    assert len({r["instance_id"] for r in first}) == 1
    assert {c["kind"] for c in done.json("run.json")["experiment"]["colds"]} == {"scaled-to-zero"}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_keep_alive_window_of_an_embedded_function_is_found_within_a_tenth(demo):
    """20 s give or take a tenth, four copies: about six minutes."""
    from harness.analysis.dataset import RunData, read
    from harness.analysis.keepalive import window

    path = demo / "targets" / "local_function" / "target.toml"
    path.write_text(
        path.read_text().replace("idle_s         = 2", "idle_s = 20").replace("lanes          = 3", "lanes = 4")
    )
    (demo / "loadprofiles" / "keepalive.py").write_text(
        FILE.format("arrivals.keep_alive(first_s=2, shortest_s=1, longest_s=120, duration_s=900)")
    )
    out = demo / "out"
    process = start(
        demo, "--target", "local_function", "--evidence", str(out), file=Path("loadprofiles") / "keepalive.py"
    )
    done = finish(process, demo, out, timeout=1000)
    found = window("local_function", [RunData(1, "local_function", "keepalive", None, read(out))])
    print(json.dumps([found.median_s.value, found.g05_s.value, found.waited_s, len(found.probes)]), file=sys.stderr)

    assert done.ended_well, done.output
    assert found.median_s.value == pytest.approx(20, rel=0.10)
    assert found.g05_s.value < found.median_s.value


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_capacity_of_a_single_server_is_found_within_a_seventh(server, tmp_path):
    """25 answers a second at full use, FIFO: some minutes."""
    (tmp_path / "pilot.toml").write_text(PILOT.replace("p95_s = 1", "p95_s = 1.5") + "[limits]\nmax_rate = 200\n")
    file = locustfile(tmp_path, "arrivals.capacity(rate=8, step_s=8)")
    began = time.monotonic()
    folder = tmp_path / "run"
    process = start(tmp_path, "--evidence", str(folder), *options(server, tmp_path, "one at a time"), file=file)
    done = finish(process, tmp_path, folder, timeout=900)
    found = done.json("run.json")["experiment"]
    print(found["low_per_s"], found["high_per_s"], time.monotonic() - began, file=sys.stderr)

    assert done.ended_well, done.output
    assert (found["low_per_s"] * found["high_per_s"]) ** 0.5 == pytest.approx(0.95 / ONE_S, rel=0.15)
