"""Columns and versions of a run's two Parquet files and its ledger; the names are fixed, others read them."""

from __future__ import annotations

from collections.abc import Sequence

from harness.domain.columns import Column, Kind, flags, floats, ints, texts, words

RUN_VERSION = 1
SAMPLES_VERSION = 1
GENERATOR_VERSION = 1
LEDGER_VERSION = 1
TARGET_VERSION = 1

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
    *words(refused_by="what refused it, as far as its answer tells: `runtime`, `gateway`, `provider`, …"),
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
    ),
    *flags(valid="the generator and its machine did their part; a slow or refusing target never makes a run invalid"),
    *texts(
        reasons="list: why the run is not valid, empty when it is",
        warnings="list: what came near a limit",
    ),
    *floats(
        lag_p50_s="median of `sent_s` minus `scheduled_s`",
        lag_p99_s="99th percentile of `sent_s` minus `scheduled_s`; null: nothing was sent",
        lag_max_s="largest `sent_s` minus `scheduled_s`",
        lag_limit_s="most that `lag_p99_s` may be: the larger of 20 ms and 2 % of the tightest latency promise",
    ),
    *words(stopped_by="what ended the run before its end; null: it ran to its end"),
    *ints(
        no_free_slot="arrivals that were due while every slot was taken, though the target kept its deadlines",
        held_up="arrivals that waited for a slot because requests of a hanging target held them all; their lag is not counted",
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
    ),
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
