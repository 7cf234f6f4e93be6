"""The Schedule: same seed, same work, on any number of workers."""

from collections import Counter

from harness.domain import arrivals, schedule
from harness.domain.questions import Message, Question

QUESTIONS = [Question(f"q{k:03d}", (Message("user", "?"),)) for k in range(250)]


def drawn(seed=1, share=0.5):
    return schedule.draw(arrivals.poisson(50).during(200), QUESTIONS, seed, share)


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
