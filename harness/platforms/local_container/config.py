"""``kind = "local-container"``: the embedded container platform, workers between a least and a most behind one queue."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from harness.platforms.shared.embedded_config import Embedded, Jobs
from harness.tables.value import value
from harness.tables.values import AnswerSeconds, Count, CountOrNone, IdleSeconds, PauseSeconds

BOUNDED, SCALED = "bounded", "cloud-run"  # rules of the queue: so many for so long, or as Cloud Run's


@value
class ContainerJobs(Jobs):
    """Workers that ask the queue, as many processes as declared, beside those that serve requests."""

    workers: Annotated[int, Field(ge=1, le=64)] = 1
    time_limit_s: IdleSeconds | None = None  # None: as long as it takes


@value
class LocalContainer(Embedded):
    """``max_workers`` None: as many as ``workers``, never scaled."""

    kind: ClassVar[str] = "local-container"

    workers: CountOrNone = 1
    max_workers: Count | None = None
    concurrency: Count = 8
    target_share: Annotated[float, Field(gt=0, le=1)] = 0.6
    scale_every_s: AnswerSeconds = 5.0
    scale_window_s: AnswerSeconds = 60.0
    start_lag_s: PauseSeconds = 0.0
    idle_s: IdleSeconds = 900.0
    queue_rule: Literal["bounded", "cloud-run"] = "bounded"
    queue: CountOrNone = 16
    queue_timeout_s: AnswerSeconds = 10.0
    memory_mb: Annotated[int, Field(ge=128, le=1_000_000)] = 2048
    cpu: Annotated[float, Field(gt=0, le=1_000)] = 1.0
    start_timeout_s: AnswerSeconds = 20.0
    jobs: ContainerJobs | None = None

    @model_validator(mode="after")
    def _some_worker(self) -> LocalContainer:
        if self.max_workers is not None and self.max_workers < self.workers:
            raise ValueError(f"max_workers {self.max_workers} is fewer than workers {self.workers}")
        if self.workers == 0 and self.max_workers is None:
            raise ValueError("workers = 0 scales to zero: say how far it may scale out with max_workers")
        return self
