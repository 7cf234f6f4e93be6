"""What a start takes by itself, and an answer of the machine, told from runs in which all got in each other's way."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness.evidence import parquet
from harness.evidence.schema import GENERATOR_FORMAT, GENERATOR_KINDS
from harness.predict.shared_machine import Machine, Spans, machine, vcpus_of, work_s
from tests.predict import plain_host

CPU_S, ANSWER_VCPUS = 0.15, 0.08


@pytest.fixture(scope="module")
def played():
    """Five runs at rates from quiet to crowded."""
    rng = np.random.default_rng(3)
    law = {"vcpus": 2, "cpu_s": CPU_S, "answer_s": 0.4, "answer_vcpus": ANSWER_VCPUS, "keep_s": 0.6}
    return [
        plain_host.play(np.cumsum(rng.exponential(1 / rate, int(20 * rate))).tolist(), 20, step_s=0.002, **law)
        for rate in (1, 2, 4, 8, 10)
    ]


def spans(seen) -> Spans:
    return Spans(*(np.array(part) for each in (seen.starts, seen.answers) for part in zip(*each, strict=True)))


def run(folder, busy_vcpus, shares: bool = True):
    """With a figure a second of the machine, as the generator notes it: of the second before."""
    names = list(GENERATOR_KINDS)
    rows = [
        [{"second": k, "worker": 0, "machine_cpu_pct": 50 * busy}.get(name, 0) for name in names]
        for k, busy in enumerate([0.0, *(np.add(busy_vcpus, [*busy_vcpus[1:], 0.0]) / 2)])  # noted in between
    ]
    folder.mkdir()
    parquet.write(folder / GENERATOR_FORMAT.file, rows, GENERATOR_KINDS, GENERATOR_FORMAT)
    said = {"contention": {"cores": 2, "target_shares_machine": shares}}
    return SimpleNamespace(block=1, profile=folder.name, record=SimpleNamespace(path=folder, run=said))


def test_starts_that_got_in_each_others_way_took_longer_and_the_same_work(played):
    took = np.concatenate([spans(one).start_to - spans(one).start_from for one in played])
    quiet = SimpleNamespace(block=1, profile="steady")
    work = np.concatenate([work_s(quiet, spans(one), Machine(2, ANSWER_VCPUS)) for one in played])

    assert took.max() > 2 * CPU_S
    assert work == pytest.approx(np.full(len(work), CPU_S), abs=0.01)


def test_what_an_answer_keeps_busy_is_told_from_the_machine_s_seconds(played, tmp_path):
    runs = [(run(tmp_path / f"{k}", one.busy_s), spans(one)) for k, one in enumerate(played)]
    made = machine(runs, 2, {one.profile for one, _ in runs}, np.random.default_rng(1))

    assert made.answer_vcpus == pytest.approx(ANSWER_VCPUS, abs=0.02)
    assert [o.vcpus for o in made.other] == pytest.approx([0.0] * 5, abs=0.08)


def test_what_else_ran_in_one_run_is_told_of_it_and_does_not_pass_for_answers(played, tmp_path):
    runs = [
        (run(tmp_path / f"{k}", [b + 0.5 * (k == 2) for b in one.busy_s]), spans(one)) for k, one in enumerate(played)
    ]
    made = machine(runs, 2, {one.profile for one, _ in runs}, np.random.default_rng(1))

    assert made.answer_vcpus == pytest.approx(ANSWER_VCPUS, abs=0.03)
    assert [o.vcpus for o in made.other] == pytest.approx([0.0, 0.0, 0.5, 0.0, 0.0], abs=0.1)


def test_a_run_whose_machine_nobody_noted_tells_nothing_of_it(played, tmp_path):
    unnoted = SimpleNamespace(block=1, profile="steady", record=SimpleNamespace(path=tmp_path, run={}))

    assert machine([(unnoted, spans(played[0]))], 2, (), np.random.default_rng(1)).other == ()
    assert vcpus_of([unnoted]) is None


def test_only_a_machine_that_serves_and_asks_counts(tmp_path):
    assert vcpus_of([run(tmp_path / "own", [1.0])]) == 2
    assert vcpus_of([run(tmp_path / "cloud", [1.0], shares=False)]) is None
