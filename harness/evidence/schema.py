"""Formats of every evidence file: versions, what older ones lack, and the columns; the names are fixed, others read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from harness import __version__ as VERSION  # noqa: N812 - a constant
from harness.domain.bounds import EVIDENCE_BYTES, JOURNAL_BYTES, SAMPLES_BYTES
from harness.domain.columns import Column, Kind, flags, floats, ints, texts, words
from harness.errors import BadFile, Problem, TooNew
from harness.evidence import contents
from harness.evidence.job_columns import JOBS
from harness.evidence.shapes import Shape

WRITER = f"runtime-pilot {VERSION}"
_WRITER = re.compile(r"runtime-pilot \d{1,4}(\.\d{1,4}){0,3}((a|b|rc|\.dev|\.post)\d{1,4})*")
MOST_PROBLEMS = 20

# in the order of the file, which is that of the Sample's fields
SAMPLES: tuple[Column, ...] = (
    *ints(seq="number of the arrival in its schedule, from 0; the same on both targets of a block"),
    *words(phase="phase of the load profile that the arrival belongs to, such as `warmup`, `steady` or `burst`"),
    *flags(measured="counts in estimates; false in the warm-up and in the profile's other parts that are not judged"),
    *texts(question_id="which question of the questions file was asked"),
    *flags(stream="the answer was asked for as a stream"),
    *floats(
        scheduled_s="instant at which the schedule wanted the request sent; every latency counts from here",
        sent_s="instant at which the (first) attempt began; later than `scheduled_s` is the generator's lag; null: not sent",
    ),
    *flags(conn_reused="sent on a connection that was open already"),
    *floats(
        connect_s="duration of opening the connection: DNS, TCP and TLS; null when it was reused",
        headers_s="instant at which the answer's status and headers were read",
        first_token_s="instant at which the first event with text was read; null for whole answers",
        last_token_s="instant at which the last event with text was read",
        finished_s="instant at which the answer ended, whole or failed",
    ),
    *words(outcome="how the arrival ended: `ok`, or the kind of failure, `not_sent` and `lost` included"),
    *ints(status="HTTP status of the answer; null when none came"),
    *floats(retry_after_s="duration that the answer's Retry-After asked for"),
    *ints(token_events="stream events that carried text"),
    *floats(max_gap_s="longest duration between two reads with text of one stream"),
    *ints(
        input_tokens="tokens of the prompt, as the answer says",
        output_tokens="tokens of the answer, as the answer says",
        bytes="size of the answer's body as received, in bytes",
    ),
    *flags(cold="the instance that answered was born after the request was sent; null: the answer does not say"),
    *texts(
        instance_id="instance that answered, as its header says; null: a gateway answered, or the target does not say"
    ),
    *ints(instance_requests="number of this request among those of its instance, from 1"),
    *floats(instance_age_ms="age of the instance when it answered"),
    *words(init_type="how the instance was started, as its header says: `on-demand`, `provisioned`, `snap-start`, …"),
    *texts(
        request_id="id that the client sent, or the one that the service echoed",
        answer_digest="BLAKE2b digest of the answer's text: equal digests are equal texts",
        citations="ids of the passages that the answer cites, in order, with spaces between",
    ),
    *flags(cold_first="cold, and the first request of its instance: it did not wait behind another one's start"),
    *texts(platform_request_id="the platform's own id of the request, by which its logs are joined"),
    *words(
        error_code="code of the error body of the service or the provider",
        layer="who failed the request: `generator`, `network`, `platform`, `service` or `provider`; null when it was answered",
    ),
    *ints(attempts="attempts that were made, 0 when it was never sent"),
    *floats(
        init_ms="duration of the instance's start, as the answer's timings say",
        queue_ms="duration of waiting in the service's own queue, as the answer's timings say",
        retrieval_ms="duration of the vector search, as the answer's timings say",
        model_ttft_ms="duration from asking the model to its first token, as the answer's timings say",
        generation_ms="the model's own time for the whole answer; response time minus this is the overhead",
    ),
    *ints(worker="number of the load generator's process that sent it"),
    *texts(detail="what went wrong, in words, shortened"),
    *floats(
        dns_s="duration of resolving the name, part of `connect_s`",
        tls_s="duration of the TLS handshake, part of `connect_s`; null without TLS",
    ),
    *ints(
        token_reads="reads from the socket that carried text; far fewer than `token_events` means that something buffers",
        top_k="passages that the arrival asked for; null: as the question has it",
        prompt_tokens="length of prompt that the arrival was drawn with, in tokens",
        session="conversation that the arrival belongs to",
        turn="turn within its conversation, from 1",
        lane="independent copy of the target that was asked; null: the target itself",
    ),
    *words(refused_by="what refused it, if its answer shows that: `runtime`, `gateway`, `provider`, …"),
    *texts(
        attempt_log="JSON, a list per attempt: sent_s, headers_s, finished_s, outcome, status, retry_after_s; null after one"
    ),
    *flags(
        held_up="sent late because requests of a hanging target held every slot; null: it was not, or no slot was short"
    ),
    *floats(
        first_reasoning_s="instant at which the first event with reasoning was read, which is not the answer; null: none came"
    ),
    *ints(reasoning_tokens="tokens that went to reasoning, as the answer says; part of `output_tokens`"),
    *words(answer_kind="what a good answer is: `text`, `tool_calls`, or a model's `refusal` in words; null: it failed"),
    *flags(
        resent="sent a second time at once, on a new connection: the kept-alive one was closed as it was used again; null: not"
    ),
    *words(model="model that answered, as the answer says; its tokens are priced as its own"),
    *ints(cached_tokens="tokens of `input_tokens` that the provider's prompt cache held, as the answer says"),
    *words(
        tenant="tenant that the arrival belongs to; null: the schedule has none",
        route="side of a router that answered, a target's name; null: the target is not a router, or no side of it answered",
        route_from="side that had refused the request before the router asked `route`; null: the first one answered",
    ),
    *floats(
        router_ms="duration of the router's own work before the answer's head, a side that refused first included; null: no router"
    ),
    *flags(
        cached="the whole answer came from a cache of the service or a gateway; null: the answer does not say",
        degraded="by a fallback model, as the answer says or its model's name shows beside /v1/meta; null: can't be told by this "
        "run alone; the analysis tells more: docs/quality.md",
        evaluated="asked a question of the evaluation set; null: one of the questions file",
        passed="the answer to an evaluation question kept all its checks; null: none was asked, it failed, or it can't be told",
    ),
    *texts(missed="checks that the answer failed, such as `cite 1, say 2`, numbered as in the evaluation set"),
    *ints(
        hits="passages known to answer the question that are among those cited or retrieved; null: none are known",
        hit_rank="place of the first such passage, from 1; null: none came, or none are known",
    ),
    *floats(
        rerank_ms="duration of the reranker, as the answer's timings say; null without one",
        instance_memory_mb="most resident memory that the instance had held when it answered, in 10^6 bytes, as its header says",
    ),
)

GENERATOR: tuple[Column, ...] = (
    *ints(
        second="second of the run, from its start",
        worker="number of the load generator's process",
    ),
    *floats(
        loop_lag_max_s="latest that the event loop woke within this second: how long an answer may have waited to be read",
        cpu_pct="processor time of this process, in percent of one core",
    ),
    *ints(
        in_flight="requests sent and not ended",
        sockets_open="sockets that this process holds open",
    ),
    *floats(gc_pause_s="time of this second spent in Python's garbage collection"),
    *ints(sent="requests sent since the run's start"),
    *floats(machine_cpu_pct="processor time of the whole machine, in percent of all its cores"),
)

LEDGER: tuple[Column, ...] = (
    *ints(
        planned="arrivals of the schedule; the sum of all outcomes",
        outcomes="object: number of arrivals for each outcome that occurred",
        jobs="object: number of submissions for each state of a job that occurred, which add up to `planned`; null: no jobs, or "
        "`reasons` says why it can't be told",
    ),
    *flags(valid="the generator and its machine did their part; a slow or refusing target never makes a run invalid"),
    *texts(
        reasons="list: why the run is not valid, empty when it is",
        reason_kinds="list: the kind of each of `reasons`; null: an older version wrote it",
        warnings="list: what came near a limit",
        warning_kinds="list: the kind of each of `warnings`; null: an older version wrote it",
    ),
    *floats(
        lag_p50_s="median of `sent_s` minus `scheduled_s`",
        lag_p99_s="99th percentile of `sent_s` minus `scheduled_s`; null: nothing was sent",
        lag_max_s="largest `sent_s` minus `scheduled_s`",
        lag_limit_s="most that `lag_p99_s` may be: the larger of 20 ms and 2 % of the tightest latency promise",
    ),
    *words(
        stopped_by="what ended the run before its end; null: it ran to its end",
        stop_signal="signal to the run's own process that did; null: none",
    ),
    *ints(
        no_free_slot="arrivals that were due while every slot was taken, though the target kept its deadlines",
        held_up="arrivals that waited for a slot because requests of a hanging target held them all; their lag is not counted",
        jobs_unasked="questions about jobs that came too late, or not at all, for the generator's own rate of questions",
        lost_workers="generator processes that died or fell silent",
        late_joiners="generator processes that joined after the start and stayed idle",
    ),
    *floats(
        loop_lag_p99_s="99th percentile of the event loop's lateness, worst process",
        cpu_p95_pct="95th percentile of `cpu_pct`, worst process",
        gc_pause_max_s="longest garbage collection",
        sockets_max="most sockets open at once",
        sockets_limit="file descriptors that the process may hold",
        clock_step_s="how far the wall clock moved against the monotonic one during the run",
        clocks_apart_s="how far the worst worker's clock certainly moved against the master's; null: all on one machine",
        clocks_unsure_s="how far out of step a worker's part of the schedule may have been at most; null: all on one machine",
    ),
    *ints(clocks_unknown="workers on other machines whose clocks could not be compared"),
    *texts(
        local_errors="list: connections that this machine itself could not open",
        write_errors="list: evidence that could not be written",
        worker_errors="list: what kept a process of the generator from its part",
    ),
)

_STORED = {Kind.WORD: Kind.TEXT, Kind.INSTANT: Kind.TEXT}


def stored(columns: Sequence[Column]) -> dict[str, str]:
    """How a Parquet file keeps each column: ``int``, ``float``, ``bool`` or ``text``."""
    return {c.name: _STORED.get(c.kind, c.kind).value for c in columns}


SAMPLE_KINDS = stored(SAMPLES)
GENERATOR_KINDS = stored(GENERATOR)
JOB_KINDS = stored(JOBS)
SAMPLES_LATER = frozenset(
    [c.name for c in SAMPLES][[c.name for c in SAMPLES].index("detail") + 1 :]
)  # 0.1.0 had none of them


# -- formats


Content = dict[str, Any]


@dataclass(frozen=True)
class Format:
    """One kind of evidence file: the newest version, and what makes each older one a version younger."""

    file: str
    newest: int
    holds: Shape | None = None
    migrations: Mapping[int, Callable[[Content], Content]] = field(default_factory=dict)
    most_bytes: int = EVIDENCE_BYTES

    def stamped(self, content: Mapping[str, Any]) -> Content:
        """As it is written: its version, and which version of this package wrote it."""
        return {"schema_version": self.newest, "written_by": WRITER, **content}


def _ledger_1(old: Content) -> Content:
    """0.1.0 did not record who was held up, nor garbage collection, sockets and the errors of its own machine."""
    lacking = ("held_up", "gc_pause_max_s", "sockets_max", "sockets_limit")
    return {**dict.fromkeys(lacking), "local_errors": [], **old}


def _run_1(old: Content) -> Content:
    """0.1.0 knew no experiments and did not record how bursty arrivals were, nor whether the machine was busy."""
    return {**dict.fromkeys(("experiment", "arrivals", "contention", "trace")), "touched": [], **old}


def _plan_1(old: Content) -> Content:
    """0.1.0 had paired blocks alone."""
    return {"tracks": [], **old}


def _readings_1(old: Content) -> Content:
    """0.1.0 did not tell a question that failed from an answer that holds nothing, nor when it asked."""
    said = old.get("readings")
    if not isinstance(said, list):
        return old
    rows = [{"failed": False, **row} if isinstance(row, dict) else row for row in said]
    return {"pulled_utc": None, **old, "readings": rows}


def _same(old: Content) -> Content:
    """What is new in the younger version is not told by the older one, and its readers know that."""
    return old


RUN_FORMAT = Format("run.json", 2, contents.RUN, {1: _run_1})
LEDGER_FORMAT = Format("ledger.json", 2, contents.LEDGER, {1: _ledger_1})
TARGET_FORMAT = Format("target.json", 1, contents.TARGET)
FACTS_FORMAT = Format("facts.json", 1, contents.FACTS)
PLAN_FORMAT = Format("plan.json", 2, contents.PLAN, {1: _plan_1})
SEAL_FORMAT = Format("seal.json", 2, contents.SEAL, {1: _same})
CHECKS_FORMAT = Format("checks.json", 1, contents.CHECKS)
CALIBRATION_FORMAT = Format("calibration.json", 1, contents.CALIBRATION)
READINGS_FORMAT = Format("readings/SOURCE.json", 2, contents.READINGS, {1: _readings_1})
BILL_FORMAT = Format("bills/TARGET/DAY.N.json", 1, contents.BILL)
UNREAD_BILL_FORMAT = Format("bills/TARGET/unread/DAY.N.json", 1, contents.UNREAD_BILL)
CANARY_FORMAT = Format("canary.json", 1, contents.CANARY)
DEPLOYMENTS_FORMAT = Format("deployments.json", 1, contents.DEPLOYMENTS)
MANIFEST_FORMAT = Format("report-files.json", 1, contents.MANIFEST)
BUNDLE_FORMAT = Format("manifest.json", 1, contents.BUNDLE)
SAMPLES_FORMAT = Format("samples.parquet", 2, most_bytes=SAMPLES_BYTES)
GENERATOR_FORMAT = Format("generator.parquet", 2, most_bytes=SAMPLES_BYTES)
JOBS_FORMAT = Format("jobs.parquet", 1, most_bytes=SAMPLES_BYTES)
JOURNAL_FORMAT = Format("journal.jsonl", 2, contents.EVENT, {1: _same}, JOURNAL_BYTES)
RECORDS_FORMAT = Format("digests.jsonl", 1, contents.RECORD)

FORMATS: tuple[Format, ...] = (
    *(RUN_FORMAT, LEDGER_FORMAT, TARGET_FORMAT, FACTS_FORMAT, SAMPLES_FORMAT, JOBS_FORMAT, GENERATOR_FORMAT),
    READINGS_FORMAT,
    *(BILL_FORMAT, UNREAD_BILL_FORMAT, PLAN_FORMAT, SEAL_FORMAT, CHECKS_FORMAT, CALIBRATION_FORMAT),
    CANARY_FORMAT,
    DEPLOYMENTS_FORMAT,
    *(JOURNAL_FORMAT, RECORDS_FORMAT, MANIFEST_FORMAT, BUNDLE_FORMAT),
)

_BY_NAME = {one.file: one for one in FORMATS if "/" not in one.file}


def format_of(at: PurePosixPath) -> Format | None:
    """Of a file of the evidence, by its place; None where it has no format of its own."""
    if at.suffix == ".json" and at.parent.name == "readings":
        return READINGS_FORMAT
    if at.suffix == ".json" and "bills" in at.parts[:-2]:
        return UNREAD_BILL_FORMAT if at.parent.name == "unread" else BILL_FORMAT
    return _BY_NAME.get(at.name)


def version_of(path: Path | str, of: Format, said: object, written_by: object = None) -> int:
    """The version that a file says it has; raises TooNew for one that this package does not know, BadFile for none."""
    version = int(said) if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 9 else said
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise BadFile(path, [Problem("schema_version", f"is {str(said)[:40]!r}: want a whole number from 1")])
    if version > of.newest:
        wanted = "runtime-pilot"
        if isinstance(written_by, str) and _WRITER.fullmatch(written_by):
            wanted = f"'runtime-pilot>={written_by.removeprefix('runtime-pilot ')}'"
        raise TooNew(
            f"{path} has schema_version {version}; the newest that runtime-pilot {VERSION} understands is {of.newest}",
            f"install the version that wrote it, or a later one: pip install --upgrade {wanted}",
        )
    return version


def migrated(path: Path | str, of: Format, found: Content) -> Content:
    """The content as the newest version has it, every field a reader asks for of its type; raises TooNew, BadFile."""
    version = version_of(path, of, found.get("schema_version", 1), found.get("written_by"))
    while version < of.newest:
        found = of.migrations[version](found)
        version += 1
    if of.holds is not None and (problems := list(islice(of.holds(found, ""), MOST_PROBLEMS))):
        raise BadFile(path, problems)
    return found
