"""A fleet whose instances share one machine: starts slow each other down, and answers slow starts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.platforms.scaling import Grows
from harness.predict.fleet import Fleet, Host, IdleLaw, Queue, Service
from harness.predict.simulate import simulate
from tests.predict import plain_host

TWO = Host(2)


def fleet(host: Host | None = TWO, answer_s: float = 0.5, **more) -> Fleet:
    law = Service(np.zeros(1), np.full(1, answer_s), np.zeros(1), np.full(1, answer_s))
    usual = {"start_s": np.full(1, 1.0), "idle": IdleLaw(np.full(1, 60.0)), "host": host}
    return Fleet(Grows.ON_DEMAND, law, **usual | more)


def play(of: Fleet, *dues: float, length_s: float = 1000.0):
    return simulate(of, [np.array(dues)], length_s, seed=1)


def longest(out) -> float:
    return out.response.quantile(1.0)


def test_a_start_alone_takes_what_it_takes_alone():
    assert longest(play(fleet(), 0.0)) == pytest.approx(1.0 + 0.5, rel=0.004)


def test_two_starts_have_a_processor_each():
    assert longest(play(fleet(), 0.0, 0.0)) == pytest.approx(1.0 + 0.5, rel=0.004)


def test_ten_starts_at_once_on_two_processors_take_five_times_as_long():
    out = play(fleet(), *[0.0] * 10)

    assert out.cold == out.starts == 10
    assert longest(out) == pytest.approx(5 + 0.5, rel=0.004)
    assert out.starting_s == pytest.approx(10 * 5.0)


def test_without_a_shared_machine_ten_starts_take_as_long_as_one():
    assert longest(play(fleet(host=None), *[0.0] * 10)) == pytest.approx(1.0 + 0.5, rel=0.004)


def test_a_start_speeds_up_when_another_is_over():
    out = play(fleet(Host(1)), 0.0, 0.5)  # half of it alone, then half as fast until the first is done

    assert out.starting_s == pytest.approx(1.5 + 1.5)


def test_answers_in_progress_leave_less_for_starts():
    busy = fleet(Host(1, answer_vcpus=0.25), answer_s=100.0, least=2)

    assert play(busy, 0.0, 0.0, 1.0).starting_s == pytest.approx(1 / 0.5)


def test_a_start_gets_as_much_as_any_other_however_many_answers_there_are():
    busy = fleet(Host(1, answer_vcpus=0.9), answer_s=100.0, least=3)

    assert play(busy, 0.0, 0.0, 0.0, 1.0).starting_s == pytest.approx(4.0)


def test_requests_that_joined_a_start_begin_when_it_is_over():
    out = play(fleet(Host(1), at_once=2), 0.0, 0.0, 0.0)

    assert (out.cold, out.starts) == (3, 2)
    assert longest(out) == pytest.approx(2.0 + 0.5, rel=0.004)


def test_a_request_that_is_not_bound_takes_the_start_that_is_over_first():
    out = play(fleet(Host(1), bound=False, queue=Queue(10)), 0.0, 0.5)

    assert out.cold == 2
    assert longest(out) == pytest.approx(1.5 + 0.5, rel=0.004)


def test_the_processor_time_of_an_answer_that_begins_beside_starts_is_shared_with_them():
    """Half a second of it, beside three starts on one processor; its second at the model stays a second."""
    law = Service(np.full(1, 0.5), np.full(1, 1.0), np.full(1, 0.5), np.zeros(1))
    out = play(replace(fleet(Host(1), least=1), service=law), 0.0, 1.0, 1.0, 1.0, 2.0)

    assert out.cold == 3
    assert out.response.quantile(0.2) == pytest.approx(0.5 + 1.0, rel=0.004)  # nothing starts yet
    assert out.response.quantile(0.4) == pytest.approx(4 * 0.5 + 1.0, rel=0.004)  # the one at 2 s
    assert out.first_token.quantile(0.4) == pytest.approx(4 * 0.5, rel=0.004)


def test_what_else_runs_takes_its_fair_share_and_no_more():
    other = fleet(Host(2, other_vcpus=1.0))

    assert play(other, 0.0).starting_s == pytest.approx(1.0)  # the other processor is free
    assert play(other, *[0.0] * 7).starting_s == pytest.approx(7 * 8 / 2)  # one more beside seven


def test_starts_that_are_not_over_at_the_end_count_until_then():
    out = play(fleet(Host(1), start_s=np.full(1, 100.0), bound=False, queue=Queue(10, 1.0)), 0.0, length_s=10.0)

    assert out.starts == 1
    assert out.starting_s == pytest.approx(10.0)


@pytest.mark.parametrize("rate", [1.0, 3.0, 5.0])
def test_as_a_plain_play_in_small_steps_has_it(rate):
    rng = np.random.default_rng(int(rate))
    due = np.cumsum(rng.exponential(1 / rate, int(60 * rate)))
    law = {"vcpus": 2, "cpu_s": 0.15, "answer_s": 0.28, "answer_vcpus": 0.05, "keep_s": 1.0}
    truth = plain_host.play(due.tolist(), float(due[-1]) + 30, **law)
    of = fleet(Host(2, 0.05), 0.28, start_s=np.full(1, 0.15), idle=IdleLaw(np.full(1, 1.0)))
    out = simulate(of, [due], float(due[-1]) + 30, seed=1)

    assert out.cold == pytest.approx(truth.cold, rel=0.02)
    assert out.response.sum_s == pytest.approx(sum(truth.took_s), rel=0.02)
    assert out.response.quantile(0.95) == pytest.approx(float(np.quantile(truth.took_s, 0.95)), rel=0.03)
    assert out.instance_s == pytest.approx(truth.instance_s, rel=0.02)


def test_when_a_cascade_of_starts_begins_it_is_worse_than_each_by_itself():
    """More starts make each longer, so that more requests find no instance: what a law of start times alone can't say."""
    burst = np.sort(np.random.default_rng(4).uniform(0, 2, 60))
    shared = fleet(Host(2), 0.28, start_s=np.full(1, 0.15), idle=IdleLaw(np.full(1, 1.0)))
    by_itself = replace(shared, host=None)

    assert simulate(shared, [burst], 10, seed=1).cold > simulate(by_itself, [burst], 10, seed=1).cold
