"""``kind = "local-function"``: the embedded serverless platform; semantics after AWS Lambda."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from harness.platforms.shared.embedded_config import Command, Embedded, Jobs
from harness.tables.value import value
from harness.tables.values import AnswerSeconds, Count, CountOrNone, IdleSeconds, Rate, Seed


@value
class FunctionJobs(Jobs):
    """A function of its own behind an event-source mapping: batches of messages, so many invocations at once."""

    source: Command = Field(kw_only=True)  # speaks for the queue, one JSON object a line
    concurrency: Annotated[int, Field(ge=1, le=64)] = 2
    batch: Annotated[int, Field(ge=1, le=10)] = 1
    memory_mb: Annotated[int, Field(ge=128, le=10240)] = 1769
    timeout_s: IdleSeconds = 60.0

    @model_validator(mode="after")
    def _hidden_while_it_runs(self) -> FunctionJobs:
        if self.visibility_s < self.timeout_s:
            raise ValueError(
                f"visibility_s {self.visibility_s:g} is shorter than timeout_s {self.timeout_s:g}: a message would be "
                "seen again while it is worked on"
            )
        return self

    def filled(self, words: Callable[[tuple[str, ...]], tuple[str, ...]]) -> FunctionJobs:
        return replace(self, command=words(self.command), source=words(self.source))


@value
class LocalFunction(Embedded):
    """One request an instance; ``provisioned`` instances are kept, ``lanes`` are independent copies."""

    kind: ClassVar[str] = "local-function"

    concurrency: Count = 8
    scaling_tokens: Rate = 8.0
    scaling_per_s: Rate = 2.0
    idle_s: IdleSeconds = 300.0
    idle_jitter: Annotated[float, Field(ge=0, lt=1)] = 0.1
    max_age_s: IdleSeconds = 7200.0
    freeze: bool = True
    provisioned: CountOrNone = 0
    lanes: Annotated[int, Field(ge=0, le=32)] = 0
    memory_mb: Annotated[int, Field(ge=128, le=10240)] = 1769
    init_timeout_s: AnswerSeconds = 10.0
    seed: Seed = 1
    jobs: FunctionJobs | None = None

    @model_validator(mode="after")
    def _provisioned_within_the_limit(self) -> LocalFunction:
        if self.provisioned > self.concurrency:
            raise ValueError(f"provisioned {self.provisioned} is more than concurrency {self.concurrency}")
        return self
