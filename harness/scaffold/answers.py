"""What a person says of a new pilot; everything else has a default that its file explains."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.domain.address import problem_of, without_secrets
from harness.errors import Refused

EXTERNAL = "external"


@dataclass(frozen=True)
class Side:
    """One of the two: a kind of ``kinds()``, and where it is if it runs already."""

    kind: str
    url: str | None = None
    dialect: str = "rag-chat/1"
    model: str | None = None
    name: str | None = None

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
    budget_usd: float = 50.0
    stream_share: float = 1.0
    quick: bool = False

    def checked(self) -> Answers:
        """Raises Refused with everything that does not fit together."""
        problems = []
        for role, side in (("baseline", self.baseline), ("candidate", self.candidate)):
            if side.kind == EXTERNAL and side.url is None:
                problems.append(f"--{role} external wants --{role}-url: where it runs")
            if side.url is not None and (problem := problem_of(side.url)):
                problems.append(f"--{role}-url {without_secrets(side.url)}: {problem}")
            if side.kind != EXTERNAL and (side.dialect != "rag-chat/1" or side.model):
                problems.append(f"--{role}-dialect and --{role}-model: only external targets speak another")
            if side.model and side.dialect != "openai-chat":
                problems.append(f"--{role}-model: only openai-chat requests name one")
        if self.baseline.folder == self.candidate.folder:
            problems.append(
                f"both would be targets/{self.baseline.folder}: name one with --baseline-name or --candidate-name"
            )
        for name, value in (
            ("p95", self.p95_s),
            ("requests-per-month", self.requests_per_month),
            ("peak", self.peak_per_s),
        ):
            if value <= 0:
                problems.append(f"--{name}: want a number above 0, not {value:g}")
        if problems:
            raise Refused("\n  - ".join(["the answers do not fit together:", *problems]), "pilot init --help")
        return self
