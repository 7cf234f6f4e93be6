"""Jobs: work that is submitted, done later and followed until it is: steadily, a backlog at once, or a nightly batch."""

from harness.load import JobUser, arrivals


class JobsUser(JobUser):
    """One concurrency slot; each submission is followed to its end by the run, up to the schedule's drain."""

    schedule = arrivals.submissions(rate=1).during(600).after_warmup(60)
    variants = {  # noqa: RUF012 - as Locust's own users declare what they have
        "backlog": arrivals.backlog(jobs=200),
        "nightly": arrivals.nightly(jobs=1000, waves=5, every_s=120),
    }
