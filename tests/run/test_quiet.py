"""A busy machine is waited for, and not for ever."""

from harness.run.quiet import lateness_s, wait_until_quiet


def busy(*late_s):
    answers = iter(late_s)
    return lambda: next(answers, late_s[-1])


def test_a_quiet_machine_is_not_waited_for():
    said = []

    assert wait_until_quiet(60, said.append, busy(0.001)) is None
    assert said == []


def test_a_busy_machine_is_waited_for_and_said_once():
    said = []

    assert wait_until_quiet(60, said.append, busy(0.080, 0.050, 0.001)) is None
    assert said == ["this machine's timers are 80 ms late: waiting up to 60 s for it to be quiet"]


def test_a_machine_that_stays_busy_is_given_up_with_how_late_it_is():
    assert wait_until_quiet(0, lambda _: None, busy(0.050)) == 0.050


def test_lateness_is_measured_on_this_machine():
    assert 0 <= lateness_s(0.05) < 5
