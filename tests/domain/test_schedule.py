"""The Schedule: same seed, same work, on any number of workers."""

from collections import Counter

import pytest

from harness.domain import arrivals, schedule
from harness.domain.mix import Mix, TokenLength, mix_data, mix_from
from harness.domain.questions import Expectation, Message, Question

QUESTIONS = [Question(f"q{k:03d}", (Message("user", "?"),)) for k in range(250)]


def drawn(seed=1, share=0.5, **mix):
    return schedule.draw(arrivals.poisson(50).during(200), QUESTIONS, seed, Mix(stream_share=share, **mix))


def test_the_digest_tells_schedules_apart_and_only_them():
    assert drawn().digest == drawn().digest
    assert drawn(seed=2).digest != drawn().digest
    assert drawn(share=0.6).digest != drawn().digest


def test_stripes_of_any_number_of_workers_are_the_whole_schedule():
    whole = drawn()
    for workers in (1, 2, 5):
        stripes = [whole.stripe(k, workers) for k in range(workers)]
        assert sorted((a for s in stripes for a in s), key=lambda a: a.seq) == list(whole.arrivals)


def test_the_most_popular_tenth_of_questions_draws_about_sixty_percent():
    asked = Counter(a.question_id for a in drawn().arrivals)
    top = sum(asked[q.id] for q in QUESTIONS[:25])

    assert 0.52 < top / len(drawn()) < 0.68


def test_the_share_of_streams_is_kept():
    arrivals_ = drawn(share=0.8).arrivals

    assert 0.78 < sum(a.stream for a in arrivals_) / len(arrivals_) < 0.82


def test_the_share_of_word_for_word_repeats_is_kept_and_all_others_are_unique():
    made = drawn(repeats=0.115).arrivals
    texts = Counter((a.question_id, a.unique) for a in made)

    assert (len(made) - len(texts)) / len(made) == pytest.approx(0.115, abs=0.01)


def test_passages_follow_their_weights():
    made = Counter(a.top_k for a in drawn(passages=((0, 0.21), (6, 0.77), (12, 0.02))).arrivals)

    assert made[0] / 10_000 == pytest.approx(0.21, abs=0.02)
    assert made[6] / 10_000 == pytest.approx(0.77, abs=0.02)
    assert set(made) == {0, 6, 12}


def test_sessions_have_their_mean_length_and_carry_what_was_asked_before():
    made = drawn(turns=1.8, think_s=1.0).arrivals
    sessions = {}
    for a in made:
        assert a.turn == len(sessions.setdefault(a.session, [])) + 1
        assert list(a.history) == [b.question_id for b in sessions[a.session]][-3:]
        if sessions[a.session]:
            assert a.scheduled_s - sessions[a.session][-1].scheduled_s >= 1.0
        sessions[a.session].append(a)

    assert len(made) / len(sessions) == pytest.approx(1.8, abs=0.05)


def test_prompt_lengths_have_their_median():
    lengths = sorted(a.prompt_tokens for a in drawn(prompt=TokenLength(3000, 0.34)).arrivals)

    assert lengths[len(lengths) // 2] == pytest.approx(3000, rel=0.03)
    assert lengths[-1] > 6000


def test_a_mix_is_part_of_the_digest_and_survives_its_codec():
    mix = Mix(0.5, repeats=0.1, passages=((6, 1.0),), turns=2.0, prompt=TokenLength(100, 0.2), max_tokens=9)

    assert drawn(repeats=0.1).digest != drawn().digest
    assert mix_from(mix_data(mix)) == mix


def test_the_fullest_window_is_what_may_be_in_flight():
    made = schedule.draw(arrivals.constant(10).during(10), QUESTIONS, 1, Mix())

    assert made.most_within(0.95) == 10
    assert made.most_within(100) == 100


EVALUATION = [Question(f"e{k}", (Message("user", "?"),), expects=Expectation(say=("yes",))) for k in range(7)]


def evaluated(seed=1, share=0.05):
    return schedule.draw(arrivals.poisson(50).during(200), [*QUESTIONS, *EVALUATION], seed, Mix(evaluated=share))


def test_every_stretch_of_a_schedule_asks_the_evaluation_set_once_its_questions_in_turn():
    made = evaluated().arrivals
    asked = [a for a in made if a.evaluated]
    counts = Counter(a.question_id for a in asked)

    assert all(sum(a.evaluated for a in made[k : k + 20]) == 1 for k in range(0, len(made), 20))
    assert max(counts.values()) - min(counts.values()) <= 1
    assert set(counts) == {q.id for q in EVALUATION}
    assert not any(a.question_id.startswith("e") for a in made if not a.evaluated)


def test_the_evaluation_is_seeded_and_part_of_the_digest():
    assert evaluated().digest == evaluated().digest
    assert evaluated().digest != evaluated(seed=2).digest
    assert evaluated().digest != evaluated(share=0.1).digest


def test_without_a_share_a_schedule_is_what_it_was_before_there_was_a_set():
    mix = Mix(stream_share=0.5)
    made = schedule.draw(arrivals.poisson(50).during(200), [*QUESTIONS, *EVALUATION], 1, mix)

    assert made.digest == drawn().digest


def test_retrieval_asks_only_questions_that_want_passages_and_never_a_stream():
    some = [Question(f"q{k}", (Message("user", "?"),), top_k=6 * (k % 2)) for k in range(20)]
    mix = Mix(turns=3.0, stream_share=1.0, evaluated=0.1, passages=((0, 0.2), (6, 0.8))).for_retrieval()
    made = schedule.draw(arrivals.poisson(50).during(20).asking("retrieval"), [*some, *EVALUATION], 1, mix).arrivals

    assert {int(a.question_id[1:]) % 2 for a in made} == {1}
    assert {(a.stream, a.turn, a.evaluated, a.top_k) for a in made} == {(False, 1, False, 6)}
    assert mix_from(mix_data(mix)) == mix


def test_what_a_profile_asks_travels_and_leaves_others_as_they_were():
    asks = arrivals.poisson(5).asking("retrieval")

    assert arrivals.from_data(arrivals.as_data(asks)) == asks
    assert "asks" not in arrivals.as_data(arrivals.poisson(5))
