"""The platforms' series beside the client's: what was not collected is not known, never zero."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.analysis.shown import shown
from harness.domain.reason import AsRecorded
from harness.platforms.platform import Measure, Per, Signal, Tier
from harness.platforms.shared.local_signals import EMBEDDED
from tests.analysis.fakes import run_of


@dataclass
class Record:
    path: Path


def run(folder, readings=None, **columns):
    (folder / "readings").mkdir(parents=True)
    if readings is not None:
        (folder / "readings" / "source.json").write_text(json.dumps({"readings": readings}))
    return replace(run_of(np.full(3, 0.1), **columns), record=Record(folder))


def series(metric, *values):
    return {"kind": "series", "metric": metric, "points": [[k, v] for k, v in enumerate(values)]}


def of(runs, metric, signals=EMBEDDED):
    return next(s for s in shown("alpha", "weekday", runs, signals) if s.metric == metric)


def test_a_series_is_one_figure_a_run_as_it_is_declared(tmp_path):
    one = run(tmp_path / "1", [series("instances", 1, 8), series("cpu_s", 10, 12), series("throttle", 1, 1)])
    two = run(tmp_path / "2", [series("instances", 2, 5), series("cpu_s", 20, 24), series("throttle")])
    found = {m: of([one, two], m).of_runs for m in ("instances", "cpu_s", "throttle")}

    assert (found["instances"].most, found["cpu_s"].mean, found["throttle"].mean) == (8, 3, 1)


def test_a_counter_grows_by_its_rises_for_a_pod_that_goes_takes_its_count_with_it(tmp_path):
    restarts = Signal("restarts", "s", Measure.STARTS, "count", "restarts of containers", per=Per.GROWTH)
    replaced = run(tmp_path / "1", [series("restarts", 3, 3, 0, 1)])

    assert of([replaced], "restarts", (restarts,)).of_runs.mean == 1


def test_what_was_not_collected_is_not_known(tmp_path):
    absent = {"kind": "absent", "metric": "cpu_s", "reason": "no log"}
    runs = [run(tmp_path / "1"), run(tmp_path / "2", [series("instances", 4), absent])]

    assert of(runs, "cpu_s").of_runs is None
    assert (of(runs, "instances").of_runs.runs, of(runs, "instances").runs) == (1, 2)


def test_a_series_that_no_platform_declares_is_shown_too(tmp_path):
    found = of([run(tmp_path / "1", [series("their_own", 2, 4)])], "their_own")

    assert (found.signal, found.of_runs.mean, found.client) == (None, 3, None)


def test_the_clients_figure_of_the_same_runs_stands_beside_it(tmp_path):
    took = Signal("Duration", "s", Measure.DURATION, "ms", "of a request")
    asked = Signal("Requests", "s", Measure.REQUESTS, "count", "that came", per=Per.SUM)
    flying = Signal("Busy", "s", Measure.CONCURRENCY, "count", "at once", per=Per.MOST)
    at_once = {"sent_s": np.zeros(3), "finished_s": np.array([0.1, 0.1, 0.2])}
    runs = [
        run(tmp_path / "1", [series("Duration", 90), series("Requests", 2, 1), series("Busy", 3)], **at_once),
        run(tmp_path / "2", []),
    ]
    beside = {m: of(runs, m, (took, asked, flying)).client for m in ("Duration", "Requests", "Busy")}

    assert {m: (round(c.mean, 6), c.runs) for m, c in beside.items()} == {
        "Duration": (133.333333, 1),
        "Requests": (3, 1),
        "Busy": (3, 1),
    }


COUNT = Signal("Count", "cloud", Measure.REQUESTS, "count", "requests", per=Per.SUM)
BUSY = Signal("Instances", "cloud", Measure.INSTANCES, "count", "instances", per=Per.MOST)


def test_series_that_labels_tell_apart_are_rows_and_their_sum_stands_beside_the_client(tmp_path):
    made = [series('Count class="2xx"', 7), series('Count class="4xx"', 2), series('Instances{state="idle"}', 5)]
    found = shown("alpha", "weekday", [run(tmp_path / "1", made)], (COUNT, BUSY))

    assert [(s.metric, s.of_runs.mean, s.client and s.client.mean) for s in found] == [
        ("Count", 9, 3),
        ('Count class="2xx"', 7, None),
        ('Count class="4xx"', 2, None),
        ('Instances{state="idle"}', 5, None),
    ]
    assert {s.signal.meaning for s in found} == {"requests", "instances"}


def test_what_a_source_has_none_of_says_why_in_its_words(tmp_path):
    absent = {"kind": "absent", "metric": "Count", "reason": "nothing was published", "source": "cloud"}
    found = of([run(tmp_path / "1", [absent])], "Count", (COUNT,))

    assert found.of_runs is None
    assert found.absent == AsRecorded("nothing was published")


def test_a_series_that_its_source_was_not_asked_for_is_left_out(tmp_path):
    asked = run(tmp_path / "1", [{**series("Count", 1), "source": "cloud"}])
    silent = run(tmp_path / "2", [])

    assert [s.metric for s in shown("alpha", "weekday", [asked], (COUNT, BUSY))] == ["Count"]
    assert [s.metric for s in shown("alpha", "weekday", [silent], (COUNT, BUSY), {"Instances"})] == ["Instances"]


def test_a_percentile_stands_beside_the_same_percentile(tmp_path):
    slow = Signal("p95", "s", Measure.DURATION, "ms", "of a request", per=Per.MOST, quantile=0.95)
    times = np.array([*np.full(90, 0.1), *np.full(10, 0.5)])
    made = run(tmp_path / "1", [series("p95", 480)])
    sent = np.zeros(100)
    made = replace(run_of(times, sent_s=sent, finished_s=times), record=made.record)

    assert of([made], "p95", (slow,)).client.mean == 500


def test_nothing_stands_beside_what_the_client_cannot_see(tmp_path):
    model = Signal("calls", "s", Measure.REQUESTS, "count", "calls of the model", Tier.PROVIDER, Per.SUM)

    assert of([run(tmp_path / "1", [series("calls", 4)])], "calls", (model,)).client is None
