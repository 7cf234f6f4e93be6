"""The RunSpec: everything that decides one run, as plain values that travel to workers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.domain.arrivals import LoadProfile, as_data, constant, from_data
from harness.domain.experiments.protocol import Promise
from harness.domain.field_map import FieldMap, field_map
from harness.domain.header_names import USUAL_NAMES, HeaderNames
from harness.domain.job_map import JobsMap, jobs_map
from harness.domain.mix import Mix, mix_data, mix_from
from harness.domain.openai_options import USUAL_OPTIONS, OpenAiOptions
from harness.domain.retrieval_map import RetrievalMap
from harness.domain.retry import NO_RETRY, RetryPolicy
from harness.domain.target import Target
from harness.load.jobs.pace import LEAST_PER_S
from harness.load.origin import Connections
from harness.platforms.registry import traced
from harness.workspace.trace_csv import read_trace

MOST_SLOTS_PER_WORKER = 900  # above about 1,000 descriptors a process select() and reuse break


@dataclass(frozen=True)
class Following:
    """How submitted jobs are followed; ``callback``: a public address, ``loopback``, or None where none is asked for."""

    how: JobsMap
    poll_s: float = 1.0
    most_polls_per_s: float = LEAST_PER_S  # of all processes together
    callback: str | None = None

    def of_one(self, workers: int) -> Following:
        """One process's part of it."""
        return replace(self, most_polls_per_s=self.most_polls_per_s / workers)


@dataclass(frozen=True)
class RunSpec:
    """One run as it was asked for, defaults filled in."""

    profile: str
    target: str
    base_url: str | None
    dialect: str
    load: LoadProfile
    seed: int
    slots: int
    deadline_s: float
    mix: Mix
    questions_file: str
    questions_digest: str
    workspace: str | None
    evidence: str | None
    headers_from_env: dict[str, str] = field(default_factory=dict)
    auth: dict[str, Any] | None = None  # kind and options of credentials that are made; no secret among them
    p95_limit_s: float | None = None
    ttft_p95_limit_s: float | None = None
    error_rate_limit: float = 0.01
    most_rate: float = 1000.0
    lanes: tuple[str, ...] = ()  # base URLs of independent copies of the target
    max_tokens: int | None = None
    embedded: bool = False
    can_cold: bool = False
    ask_meta_first: bool = True
    retry: RetryPolicy = NO_RETRY
    connections: str = Connections.SHARED.value
    ca_file: str | None = None
    model: str | None = None
    fields: FieldMap | None = None  # of a mapped dialect
    openai: OpenAiOptions = USUAL_OPTIONS  # of openai-chat
    headers: dict[str, str] = field(default_factory=dict)  # whose values are no secret
    header_names: HeaderNames = USUAL_NAMES
    jobs: Following | None = None  # arrivals are submissions; None: they are questions
    evaluation_file: str | None = None  # questions with checks, of which the mix asks a share
    retrieval: RetrievalMap | None = None  # of a profile that asks for passages alone
    traced: bool = False  # each request carries a W3C trace context: somebody collects the target's spans

    def to_message(self) -> dict[str, Any]:
        """Only what msgpack carries; a trace travels by its file's name and digest."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return fields | {
            "load": as_data(self.load),
            "mix": mix_data(self.mix),
            "retry": dataclasses.asdict(self.retry),
            "headers_from_env": dict(self.headers_from_env),
            "lanes": list(self.lanes),
            "fields": dataclasses.asdict(self.fields) if self.fields else None,
            "openai": dataclasses.asdict(self.openai),
            "headers": dict(self.headers),
            "jobs": dataclasses.asdict(self.jobs) if self.jobs else None,
            "retrieval": dataclasses.asdict(self.retrieval) if self.retrieval else None,
            "header_names": dataclasses.asdict(self.header_names),
        }

    @property
    def promise(self) -> Promise:
        """What a step of a search is held to; without a pilot.toml the deadline is the only limit."""
        return Promise(self.p95_limit_s or self.deadline_s, self.ttft_p95_limit_s, self.error_rate_limit)

    @property
    def tightest_s(self) -> float | None:
        """The smallest latency promise that these requests are held to; None without any."""
        first = self.ttft_p95_limit_s if self.mix.stream_share > 0 else None
        return min((limit for limit in (self.p95_limit_s, first) if limit is not None), default=None)

    @classmethod
    def from_message(cls, data: dict[str, Any]) -> RunSpec:
        """Reads a trace again where it arrives; raises BadFile, or ValueError when it is another one."""
        file = data["load"]["trace_file"]
        trace = read_trace(Path(file)) if file else None
        return cls(
            **(
                data
                | {
                    "load": from_data(data["load"], trace),
                    "mix": mix_from(data["mix"]),
                    "retry": RetryPolicy(**data["retry"]),
                    "lanes": tuple(data["lanes"]),
                    "fields": field_map(data["fields"]) if data["fields"] else None,
                    "openai": OpenAiOptions(**data["openai"]),
                    "retrieval": RetrievalMap(**data["retrieval"]) if data["retrieval"] else None,
                    "header_names": HeaderNames(**data["header_names"]),
                    "jobs": _following(data["jobs"]) if data.get("jobs") else None,
                }
            )
        )


def _following(data: dict[str, Any]) -> Following:
    return Following(**{**data, "how": jobs_map(data["how"])})


def of_target(target: Target) -> dict[str, Any]:
    """The fields that target.toml decides, the same for a run and for a single question."""
    return {
        "target": target.name,
        "headers_from_env": dict(target.headers_from_env),
        "auth": {"kind": target.auth.kind, "options": dict(target.auth.options)} if target.auth else None,
        "ca_file": target.ca_file,
        "dialect": target.dialect.value,
        "model": target.model,
        "fields": target.fields,
        "retrieval": target.retrieval,
        "openai": target.openai,
        "headers": dict(target.headers),
        "header_names": target.header_names,
        "embedded": target.embedded,
        "can_cold": target.can_cold,
        "traced": traced(target),
    }


def single(target: Target, base_url: str, deadline_s: float, max_tokens: int | None = None) -> RunSpec:
    """What questions outside a run are asked by: no schedule, no evidence."""
    return RunSpec(
        profile="check",
        base_url=base_url,
        load=constant(1.0),
        seed=1,
        slots=1,
        deadline_s=deadline_s,
        mix=Mix(),
        questions_file="",
        questions_digest="",
        workspace=None,
        evidence=None,
        max_tokens=max_tokens,
        **of_target(target),
    )
