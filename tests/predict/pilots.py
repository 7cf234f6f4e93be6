"""A pilot whose two targets are fleets of known truth: a function (alpha) and a fixed service (beta)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from harness.domain.experiments.capacity import METHOD
from harness.domain.plan import Run
from harness.workspace import Workspace, open_workspace
from tests.builders import Pilot, sample
from tests.predict.truth import Truth, play, poisson, probed, samples

FUNCTION = """
title = "Function"
base_url = "http://127.0.0.1:9001"
[runtime]
kind = "local-function"
command = ["true"]
concurrency = {limit}
scaling_tokens = 1000
scaling_per_s = 1000
idle_s = {idle_s}
{more}
[prices]
book = "aws-2026-11"
region = "us-east-1"
model = "custom"
[prices.parameters]
memory_mb = 1024
per_gb_second = {{ usd = 0.0000167, source = "s" }}
per_million_requests = {{ usd = 0.2, source = "s" }}
"""
SERVICE = """
title = "Service"
base_url = "http://127.0.0.1:9002"
[runtime]
kind = "local-container"
command = ["true"]
workers = {limit}
concurrency = {places}
queue = {queue}
[prices]
book = "aws-2026-11"
region = "us-east-1"
model = "fargate-alb"
parameters = {{ vcpu = 1, memory_gb = 2, tasks = {limit} }}
"""
FUNCTION_TRUTH = Truth(limit=20, window_s=60.0, start_s=1.0)
SERVICE_TRUTH = Truth(limit=2, places=8, window_s=None, queue=16)


@dataclass
class TruePilot(Pilot):
    """``says``: what target.toml declares where that is not the truth; ``rate`` of the measured traffic, requests a second."""

    truths: dict[str, Truth] = field(default_factory=lambda: {"alpha": FUNCTION_TRUTH, "beta": SERVICE_TRUTH})
    says: dict[str, Truth] = field(default_factory=dict)
    rate: float = 1.0
    length_s: float = 400.0
    per_month: int = 2_600_000
    gaps: int = 40
    searched: dict[str, float] = field(default_factory=dict)  # capacity, where a search was made
    bursts_at: float | None = None
    block_spread: float = 0.03

    def __post_init__(self) -> None:
        self.p95_s = 4.0
        rng = np.random.default_rng([self.seed, 5])
        if self.gaps:
            kept = self.truths["alpha"]
            tried = np.exp(rng.uniform(np.log(kept.window_s / 4), np.log(kept.window_s * 4), self.gaps)).tolist()
            record = {"kind": "keep-alive", "colds": [], "ended": "done"}
            self.tracks["keepalive"] = {"alpha": (probed(kept, tried, rng), record)}
        if self.searched:
            self.tracks["capacity"] = {name: search(rate) for name, rate in self.searched.items()}

    def workspace(self) -> Workspace:
        super().workspace()
        pilot = (self.root / "pilot.toml").read_text(encoding="utf-8")
        pilot = pilot.replace("requests_per_month = 2000000", f"requests_per_month = {self.per_month}")
        pilot = pilot.replace("peak_per_s = 10", f"peak_per_s = {max(1.0, self.per_month / 2_628_000 * 3):g}")
        (self.root / "pilot.toml").write_text(pilot, encoding="utf-8")
        for name, text in (("alpha", FUNCTION), ("beta", SERVICE)):
            said = self.says.get(name, self.truths[name])
            more = {"idle_s": said.window_s, "more": "idle_jitter = 0.2"}
            filled = text.format(limit=said.limit, places=said.places, queue=said.queue, **more)
            (self.root / "targets" / name / "target.toml").write_text(filled, encoding="utf-8")
        return open_workspace(self.root)

    def _samples(self, run: Run) -> list:
        rng = np.random.default_rng([self.seed, run.block, run.position, ord(run.target[0])])
        weather = np.exp(np.random.default_rng([self.seed, run.block, 7]).normal(0, self.block_spread))
        truth = self.truths[run.target]
        shifted = Truth(**{**vars(truth), "model_s": truth.model_s * weather, "runtime_s": truth.runtime_s * weather})
        return samples(play(shifted, poisson(self.rate, self.length_s, rng), rng), rng)


def pilot(root: Path, **more) -> TruePilot:
    """With a keep-alive search of the function and six blocks."""
    return TruePilot(root, **more)


def search(limit: float) -> tuple[list, dict]:
    """Four steps just below and four just above the limit."""
    rates = [(limit * 0.95, True)] * 4 + [(limit * 1.05, False)] * 4
    steps = [
        {
            "phase": f"step-{k:02d}",
            "rate": rate,
            "p95_s": 0.5 if ok else None,
            "offered": 5,
            "kept": ok,
            "verdict": "kept" if ok else "broken",
            "why": "" if ok else "late",
        }
        for k, (rate, ok) in enumerate(rates)
    ]
    rows = [
        sample(k, phase=s["phase"], instance_id=f"i{k % 2}") for k, s in enumerate(s for s in steps for _ in range(5))
    ]
    promise = {"p95_s": 4.0, "ttft_p95_s": 1.0, "error_rate": 0.02}
    record = {"kind": "capacity", "method": METHOD, "colds": [], "ended": "done", "steps": steps, "promise": promise}
    return rows, {
        **record,
        "kept_per_s": limit * 0.95,
        "precision": 1.25,
        "step_s": 20,
        "least_rate": 0.1,
        "most_rate": 400,
    }
