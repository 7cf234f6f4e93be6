"""``kind = "local-function"``: the embedded serverless platform; semantics after AWS Lambda."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from harness.platforms.shared.embedded_config import Embedded
from harness.tables.value import value
from harness.tables.values import AnswerSeconds, Count, CountOrNone, IdleSeconds, Rate, Seed


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

    @model_validator(mode="after")
    def _provisioned_within_the_limit(self) -> LocalFunction:
        if self.provisioned > self.concurrency:
            raise ValueError(f"provisioned {self.provisioned} is more than concurrency {self.concurrency}")
        return self
