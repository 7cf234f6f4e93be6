"""What a person says of a new pilot; everything else has a default that its file explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness.domain import bounds
from harness.domain.address import problem_of, without_secrets
from harness.errors import Refused
from harness.tables.values import name_problem
from harness.workspace import presets
from harness.workspace.workloads_toml import WorkloadTable

EXTERNAL = "external"


@dataclass(frozen=True)
class Side:
    """One of the two: a kind of ``kinds()``, and where it is if it runs already."""

    kind: str
    url: str | None = None
    dialect: str = "rag-chat/1"
    model: str | None = None
    name: str | None = None
    draft: str | None = None  # its whole target.toml, where somebody has drafted one

    @property
    def folder(self) -> str:
        """Name of its folder under targets/."""
        if self.name:
            return self.name
        if self.kind != EXTERNAL:
            return self.kind
        parts = urlsplit(self.url or "")
        host = f"{parts.hostname or 'ours'}{f'_{parts.port}' if parts.port else ''}"
        words = "".join(c if c.isalnum() else "_" for c in host).strip("_").lower()
        return f"at_{words}" if words[:1].isdigit() else words

    def problems(self) -> list[str]:
        """What does not fit together, each behind the side's own ``--baseline`` or ``--candidate``."""
        out = []
        if self.kind == EXTERNAL and self.url is None:
            out.append("-url is required with external: where it runs")
        if self.name is not None and (problem := name_problem(self.name)):
            out.append(f"-name {problem}")
        if self.model is not None and not (self.model.isprintable() and 0 < len(self.model) <= bounds.MOST_NAME * 2):
            out.append("-model: want one line of printable text of at most 200 characters")
        if self.url is not None and (problem := problem_of(self.url)):
            out.append(f"-url {without_secrets(self.url)}: {problem}")
        if self.draft is not None:
            own = self.kind == EXTERNAL and self.dialect == "rag-chat/1" and not self.model
            return out if own else [*out, "-draft says its kind, dialect and model itself: leave them out"]
        if self.kind != EXTERNAL and (self.dialect != "rag-chat/1" or self.model):
            out.append("-dialect and -model: only external targets speak another")
        if self.model and self.dialect != "openai-chat" and not presets.needs_model(self.dialect):
            out.append(f"-model: {self.dialect} has no place for one in its requests")
        if not self.model and presets.needs_model(self.dialect):
            out.append(f"-model: {self.dialect} requires {presets.preset(self.dialect).needs['model']}")
        return out


@dataclass(frozen=True)
class Answers:
    """Both sides, the promises, the traffic, and whether this is to be a first look in minutes."""

    baseline: Side
    candidate: Side
    question: str = "Which runtime should serve the chat endpoint?"
    p95_s: float = 15.0
    ttft_p95_s: float | None = 2.0
    error_rate: float = 0.01
    monthly_runtime_usd: float | None = None
    requests_per_month: int = 2_000_000
    peak_per_s: float = 12.0
    budget_usd: float = 100.0  # a default plan with its deployments, on AWS, forecasts about 61 at worst
    stream_share: float = 1.0
    quick: bool = False
    workloads: Mapping[str, WorkloadTable] = field(default_factory=dict)  # beside the endpoint itself

    def checked(self) -> Answers:
        """Raises Refused with everything that does not fit together."""
        problems = []
        for role, side in (("baseline", self.baseline), ("candidate", self.candidate)):
            problems += [f"--{role}{problem}" for problem in side.problems()]
        if self.baseline.folder == self.candidate.folder:
            problems.append(
                f"both would be targets/{self.baseline.folder}: name one with --baseline-name or --candidate-name"
            )
        if not self.question.strip() or len(self.question) > 1_000 or not self.question.isprintable():
            problems.append("--question: want one line of printable text of at most 1,000 characters")
        problems += [
            f"--{name}: want a number {range_}, not {value:g}"
            for name, value, range_ in (
                ("p95", self.p95_s, bounds.ANSWER_S),
                ("ttft", self.ttft_p95_s, bounds.ANSWER_S),
                ("error-rate", self.error_rate, bounds.SHARE),
                ("monthly-usd", self.monthly_runtime_usd, bounds.USD_ABOVE_0),
                ("requests-per-month", self.requests_per_month, bounds.REQUESTS_PER_MONTH),
                ("peak", self.peak_per_s, bounds.RATE),
                ("budget", self.budget_usd, bounds.USD),
                ("stream-share", self.stream_share, bounds.SHARE),
            )
            if value is not None and value not in range_
        ]
        if problems:
            raise Refused("\n  - ".join(["the answers do not fit together:", *problems]), "pilot init --help")
        return self
