"""Fields of the evidence's JSON files and their meanings; docs/reference.md is made from them."""

from __future__ import annotations

from harness.domain.columns import Column, flags, floats, instants, ints, texts, words
from harness.evidence.job_columns import JOBS
from harness.evidence.schema import GENERATOR, LEDGER, SAMPLES

VERSION = (
    *ints(schema_version="version of this file's format; an older one is read as well, a newer one is refused"),
    *words(written_by="version of this package that wrote the file"),
)

RUN: tuple[Column, ...] = (
    *VERSION,
    *words(
        state="`running`, then `done`; a file that says `running` is of a run that did not end",
        profile="load profile, the name of its file",
        target="folder of the target under targets/",
        purpose="`eyes` in a run of a race, which is not evidence; absent in every other run",
    ),
    *texts(
        base_url="where the requests went",
        spec="object: everything that was asked of the generator; headers by the names of their variables, never by value",
        retry="`none`, or an object: the client's retry policy",
    ),
    *ints(connections="connections that each process may hold open to the target", seed="seed of the schedule"),
    *texts(
        schedule_digest="digest of every arrival; equal digests are equal schedules",
        questions_digest="digest of the questions file",
    ),
    *ints(planned="arrivals of the schedule"),
    *floats(total_s="length of the schedule, warm-up included"),
    *floats(
        started_monotonic_s="the same instant on the monotonic clock that every process of the generator's machine shares, in seconds"
    ),
    *instants(started_utc="wall time of the run's start, from which the `*_s` instants of samples.parquet count"),
    *ints(workers="processes of the load generator"),
    *texts(
        versions="object: harness, Locust, gevent and Python",
        generator="object: machine, system, cores and memory of the load generator",
        command="list: the command line",
    ),
    *floats(elapsed_s="duration from the start to the last answer; null: the run did not end"),
    *texts(
        arrivals="object: how bursty the arrivals were planned to be and were (CV of gaps, variance over mean of counts)",
        touched="list: changes made in Locust itself during the run, for example in its web UI, and when; samples are not affected",
        contention="object: whether this machine's cores were used up, and whether the target shares them",
        experiment="object: what a capacity search or keep-alive probe did, step by step; null for other profiles",
        jobs="object: how jobs were followed: polls, their failures and most a second, questions that came too late for that rate, "
        "callbacks and those refused, and how many were cancelled at the end; null: no jobs",
        trace="object: how a trace was brought to its rate, and how bursty it was before and after; null: no trace was played",
        worker_clocks="list: each worker's clock against the master's, before and after",
        strangers="object: connections to the workers' port that did not know the secret and were refused, "
        "and unreadable messages that were dropped; null: one process",
    ),
)

TARGET: tuple[Column, ...] = (
    *VERSION,
    *words(
        name="folder of the target under targets/", dialect="how it is asked: `rag-chat/1`, `openai-chat` or `mapped`"
    ),
    *texts(meta="object: what GET /v1/meta answered (model, prompt, index, versions); null: it does not say"),
)

FACTS: tuple[Column, ...] = (
    *VERSION,
    *words(target="folder of the target under targets/"),
    *texts(
        facts="object: what the platform's control plane says of the deployment, asked after the run",
        cold_method="how the target was made cold before the run; null: it was not",
    ),
)

READINGS: tuple[Column, ...] = (
    *VERSION,
    *words(
        source="kind of the source, as in [[sources]]",
        verified="against what the adapter was verified: `live DATE`, `real peer` or `spec only`",
    ),
    *instants(pulled_utc="when the platform was asked"),
    *texts(window="object: start (included) and end (excluded) of the asked time, in unix seconds"),
    *texts(readings="list: what follows, once for every metric that was asked for"),
)

READING: tuple[Column, ...] = (
    *words(
        kind="`series`, or `absent` where there is none",
        metric="what was asked for, in the platform's words",
        unit="unit of the points' values, as the platform says",
    ),
    *texts(
        points="list of [unix seconds, value], oldest first; only of a series",
        query="the question, so that it can be asked again",
    ),
    *words(source="kind of the source"),
    *texts(reason="why there is no series; a failed question is never a zero"),
    *flags(failed="the question got no answer and is asked again; false: the answer holds nothing"),
)

BILL: tuple[Column, ...] = (
    *VERSION,
    *instants(day="the billed day, UTC"),
    *flags(estimated="the provider says that the figures may still change"),
    *ints(pages="pages of answers, each of which is billed"),
    *floats(own_cost_usd="what asking cost", pulled_unix_s="when it was asked"),
    *words(verified="against what the adapter was verified"),
    *texts(query="object: the question", lines="list: what follows, once for every usage type"),
)

BILL_LINE: tuple[Column, ...] = (
    *words(service="the provider's service", usage_type="what is billed, in the bill's words"),
    *floats(quantity="billed quantity, in the bill's unit; it adds up within one usage type only"),
    *words(unit="the bill's unit"),
    *floats(usd="amount before discounts and credits, in USD", net_usd="amount after discounts"),
)

JOURNAL: tuple[Column, ...] = (
    *instants(utc="when the line was written"),
    *words(event="what happened: sealed, run begun, run ended, block ended, …"),
    *ints(
        schema_version="version of the line's format; a line without one is of release 0.1.0",
        record="number of the last line of `digests.jsonl` that was written with this one",
    ),
    *texts(chain="digest of the line before and of this one: a line that is changed or taken out breaks it"),
    *texts(
        digest="of the seal, or of the sweep's settings",
        changes="list: what differs from the seal",
        changed="list: the same as values: field, how it differs, both as JSON",
        user="who was at the keyboard",
    ),
    *ints(checks="checks that passed", block="number of the block", attempt="attempt of the block, from 1"),
    *words(order="AB or BA; A is the baseline"),
    *ints(
        attempts="attempts after which a block was given up", processes="workers that each generator begins for a run"
    ),
    *words(fleet="kind of the fleet that sends the load", on="where the campaign was handed to, as in [on.NAME]"),
    *instants(off_utc="when the machine there last reported; null: it was removed"),
    *texts(members="list: the generators that stand by, each with its machine, cores and versions"),
    *texts(runs="list: the runs in which the provider failed every request"),
    *texts(
        reasons="list: why a run was not valid",
        run="block, profile, position and target of a run, as in b01-steady-1-NAME",
        cold="how the target was made cold; null: it was not",
        schedule="digest of the run's schedule",
        files="object: digest of each file that was written",
    ),
    *ints(exit_code="exit code of the run's process, or of the step that was timed"),
    *floats(
        cost_usd="what the run is counted at against the budget",
        reserved_usd="the most that it could have cost, held back before it began",
    ),
    *words(basis="whether `cost_usd` comes from the samples or is the worst case"),
    *texts(note="what was unusual about the end"),
    *words(target="folder of the target", step="`deploy` or `rollback`"),
    *floats(seconds="duration of the step, or of applying the setting, in seconds"),
    *ints(
        pulled="readings that were collected",
        kept="readings that had been collected before",
        absent="readings that hold nothing",
        unsettled="readings that may still change, so are asked for later",
        failed="questions that got no answer",
        bills="billed days that were asked for",
        billed="requests of the run whose billed duration the platform says",
        samples="requests of the run that are billed for",
        torn_bytes="what a crash had left of a line at the end, which was ended before this one",
    ),
    *ints(look="planned look at which the answer was settled", of="looks that the plan has"),
    *ints(blocks="valid blocks at that look"),
    *texts(
        because="why the answer was settled, in words: nothing reads them back",
        not_needed="list: numbers of the blocks that were left out",
    ),
    *words(kind="the same as a kind: `gates`, `told` or `scores`"),
    *floats(
        bills_usd="what asking for the bills cost",
        settles_unix_s="when the next readings settle, in seconds since 1970",
        waited_s="how long a busy machine was waited for before a block was repeated",
        late_s="how late its timers still were then, p99; null: they were on time",
    ),
    *texts(setting="setting of the sweep that was applied", settings="list: names of the sweep's settings"),
)

RECORDS: tuple[Column, ...] = (
    *instants(utc="when the line was written"),
    *VERSION,
    *words(event="event of journal.jsonl that the line says again; null: no event is about these files"),
    *texts(run="run that the event is about"),
    *ints(attempt="attempt of the run's block"),
    *floats(cost_usd="what the run is counted at against the budget"),
    *words(basis="whether `cost_usd` comes from the samples or is the worst case"),
    *ints(
        number="number of the line among those of all folders, from 1",
        events="events that journal.jsonl had before",
    ),
    *texts(
        before="`chain` of the line with the number before, in whatever folder; empty for the first",
        journal="`chain` of the journal's last event then",
        files="object: digest of each file of this folder",
        chain="digest of `before` and of this line",
    ),
)

BUNDLE: tuple[Column, ...] = (
    *VERSION,
    *instants(utc="time of the journal's last event when the bundle was written"),
    *texts(
        seal="digest of the seal; null: the plan was never sealed",
        files="object: `sha256` and `bytes` of every other file of the bundle, by its place in the workspace",
    ),
)

FILES: dict[str, tuple[Column, ...]] = {
    "samples.parquet": SAMPLES,
    "jobs.parquet": JOBS,
    "generator.parquet": GENERATOR,
    "ledger.json": (*VERSION, *LEDGER),
    "run.json": RUN,
    "target.json": TARGET,
    "facts.json": FACTS,
    "readings/SOURCE.json": READINGS,
    "readings/SOURCE.json, each of its readings": READING,
    "bills/TARGET/DAY.N.json": BILL,
    "bills/TARGET/DAY.N.json, each of its lines": BILL_LINE,
    "journal.jsonl": JOURNAL,
    "digests.jsonl": RECORDS,
    "manifest.json, of a bundle": BUNDLE,
}
