"""Columns of jobs.parquet: one row a submission, in the order of a Job's fields; the names are fixed, others read them."""

from __future__ import annotations

from harness.domain.columns import Column, flags, floats, ints, texts, words

JOBS: tuple[Column, ...] = (
    *ints(
        seq="number of the submission in its schedule, from 0: the row of the same number in samples.parquet is its request"
    ),
    *texts(job_id="id that the service gave it; null: it was not accepted"),
    *words(
        kind="kind of work, as the jobs file names it",
        phase="phase of the load profile that the submission belongs to",
    ),
    *flags(measured="counts in estimates; false in the warm-up"),
    *floats(
        scheduled_s="instant at which the schedule wanted it submitted; every duration counts from here",
        accepted_s="instant at which the answer that accepted it was read; null: it was not accepted",
        started_s="instant at which its last attempt began, by the age that the service told; null: not told",
        done_s="instant at which it was done, or ended otherwise, by the age that the service told; null: it did not, or no age was told",
        known_s="instant at which this generator first knew how it ended, by polling or by its callback",
        called_s="instant at which its first callback came; null: none came",
        not_done_s="last instant at which a poll found it not done yet; without an age, done lies between this and `known_s`",
    ),
    *words(
        state="how it ended: `done`, `failed`, `dead_lettered`, `cancelled`, `lost` (accepted, and the service no longer knows "
        "it or never said a word of it), `unfinished` (known, not done at the end of the run) or `not_accepted`"
    ),
    *ints(
        attempts="attempts that the service made; null: not told",
        effects="how often its effect became visible, as its result says: 1, or it was done twice; null: not told",
        callbacks="different deliveries of its callback; a delivery that is retried counts once; null: no callback was asked for",
    ),
    *words(
        killed_by="what ended it from outside: `time_limit`, `memory_limit` or `worker_lost`; null: nothing, or not told"
    ),
    *floats(
        queued_ms="duration of waiting in the queue, as the service says",
        running_ms="duration of its work, as the service says",
    ),
    *ints(
        input_tokens="tokens that its prompts took, as its result says",
        output_tokens="tokens that models wrote for it, as its result says",
    ),
    *words(model="model that was asked, as its result says"),
    *texts(instance_id="instance that worked on it, as the service says"),
    *ints(
        polls="how often this generator asked for its status",
        size_bytes="size of the submission's body, in bytes",
    ),
    *words(error_code="code of the error that it ended with"),
    *ints(worker="number of the load generator's process that followed it"),
    *texts(detail="what went wrong with it or its answers, in words, shortened"),
)
