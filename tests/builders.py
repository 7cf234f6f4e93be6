"""Every noun in one line, with sensible defaults, and synthetic evidence with a known truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from harness.domain.job import JOB_COLUMNS, Job, JobState
from harness.domain.ledger import GeneratorHealth, close
from harness.domain.plan import Block, Plan, ProfilePlan, Run, Start
from harness.domain.role import Role
from harness.domain.sample import COLUMNS, Sample
from harness.domain.target import Dialect, Target
from harness.evidence import parquet
from harness.evidence.digests import digests_of
from harness.evidence.files import dump
from harness.evidence.run_folder import ledger_json
from harness.evidence.schema import JOB_KINDS, JOBS_FORMAT, SAMPLE_KINDS, SAMPLES_FORMAT
from harness.evidence.store import Store
from harness.platforms.external.config import External
from harness.predict.predict import Effort
from harness.workspace import Workspace, open_workspace

TARGET_TOML = """
title = "{title}"
base_url = "http://127.0.0.1:{port}"
[runtime]
kind = "external"
[prices]
book = "aws-2026-11"
region = "us-east-1"
model = "{model}"
parameters = {{ {parameters} }}
"""

ROUTER_TOML = """
title = "Router"
[runtime]
kind = "local-router"
primary = "alpha"
secondary = "beta"
[runtime.overflow]
in_flight = 10
[runtime.canary]
[prices]
book = "aws-2026-11"
region = "us-east-1"
model = "custom"
[prices.parameters]
per_hour = { usd = 0.01, source = "a test" }
"""

PILOT_TOML = """
[pilot]
question = "{question}"
baseline = "alpha"
candidate = "beta"
blocks = {blocks}
[slo]
p95_s = {p95_s}
ttft_p95_s = 1.0
error_rate = 0.02
monthly_runtime_usd = 600
profiles = ["steady"]
[traffic]
requests_per_month = 2000000
peak_per_s = 10
[profiles.steady]
rate = 2
duration_s = 10
"""

ROLES = {
    "burst": Role.BURST,
    "coldstart": Role.COLD,
    "fromzero": Role.FROM_ZERO,
    "keepalive": Role.KEEP_ALIVE,
    "capacity": Role.CAPACITY,
    "jobs": Role.JOBS,
}  # of the builder's own profiles; every other one is everyday traffic
ROW = attrgetter(*COLUMNS)
LIGHT = Effort(
    same=2, worlds=9, requests=150, world_requests=100, again=0
)  # of a decision whose costs need no narrow interval, and whose runs nobody asks to be given again: a tenth of the time
MOST_DRAWN = 1000
_DRAWN: dict[Hashable, Encoded] = {}
Submitted = Callable[[int], "list[Job]"]  # of a block
Latency = Callable[[np.random.Generator, int, int], np.ndarray]


def with_corpus(root: Path, corpus: Path) -> Path:
    """The workspace, as if the corpus that all tests share had been built in it: building takes four seconds."""
    (root / ".pilot").mkdir(exist_ok=True)
    (root / ".pilot" / "corpus").symlink_to(corpus, target_is_directory=True)
    return root


def external(url: str, dialect: str = "rag-chat/1", **more) -> Target:
    """Somebody's deployment at this URL, of which no control side is known."""
    return Target(more.pop("name", "theirs"), Path(), Dialect(dialect), External(), base_url=url, **more)


def sample(seq: int = 0, **changes) -> Sample:
    """A good streamed answer of 400 ms, due at ``seq`` seconds."""
    due = float(changes.pop("scheduled_s", seq))
    response = float(changes.pop("response_s", 0.4))
    values = {
        "phase": "steady",
        "measured": True,
        "question_id": f"q{seq:04d}",
        "stream": True,
        "scheduled_s": due,
        "sent_s": due + 0.001,
        "headers_s": due + response * 0.4,
        "first_token_s": due + response * 0.5,
        "last_token_s": due + response,
        "finished_s": due + response,
        "outcome": "ok",
        "status": 200,
        "input_tokens": 800,
        "output_tokens": 40,
        "bytes": 2000,
        "cold": False,
        "generation_ms": response * 900,
        "answer_digest": f"{seq:016x}",
        "citations": "a b",
        "attempts": 1,
        "worker": 0,
    }
    return Sample(seq=seq, **{**values, **changes})


def failed(seq: int = 0, outcome: str = "throttled", **changes) -> Sample:
    """A refusal by the platform, at once."""
    return sample(
        seq,
        outcome=outcome,
        status=429,
        first_token_s=None,
        last_token_s=None,
        generation_ms=None,
        layer="platform",
        cold=None,
        retry_after_s=1.0,
        answer_digest=None,
        citations=None,
        output_tokens=None,
        response_s=0.002,
        **changes,
    )


def write_run(
    folder: Path,
    samples: list[Sample],
    started: datetime,
    health: GeneratorHealth | None = None,
    experiment: dict | None = None,
) -> None:
    """One run's folder as the load engine leaves it."""
    put_run(folder, encoded(samples, health), started, experiment)


@dataclass(frozen=True)
class Encoded:
    """A run's samples and ledger as their files hold them."""

    samples: bytes
    ledger: str


def encoded(samples: list[Sample], health: GeneratorHealth | None = None) -> Encoded:
    lags = [s.sent_s - s.scheduled_s for s in samples if s.sent_s is not None]
    ledger = close(len(samples), Counter(s.outcome for s in samples), lags, health or GeneratorHealth())
    return Encoded(_parquet(tuple(map(ROW, samples))), dump(ledger_json(ledger)))


def put_run(folder: Path, made: Encoded, started: datetime, experiment: dict | None = None) -> None:
    (folder / "readings").mkdir(parents=True)
    (folder / SAMPLES_FORMAT.file).write_bytes(made.samples)
    run = {
        "schema_version": 1,
        "state": "done",
        "started_utc": started.isoformat(timespec="milliseconds"),
        "elapsed_s": 12.0,
        "schedule_digest": "sha256:" + "0" * 64,
        "versions": {"harness": "test"},
        "generator": {"cores": 2},
        "experiment": experiment,
    }
    (folder / "run.json").write_text(dump(run), encoding="utf-8")
    (folder / "ledger.json").write_text(made.ledger, encoding="utf-8")


def job(seq: int = 0, **changes) -> Job:
    """A job submitted at ``seq`` seconds, accepted at once, worked on for 2 s and done; no callback was asked for."""
    due = float(changes.pop("scheduled_s", seq))
    takes = float(changes.pop("takes_s", 2.0))
    values = {
        "job_id": f"job-{seq}",
        "kind": "ingest",
        "phase": "steady",
        "measured": True,
        "scheduled_s": due,
        "accepted_s": due + 0.01,
        "started_s": due + 0.02,
        "done_s": due + 0.02 + takes,
        "known_s": due + 0.5 + takes,
        "state": JobState.DONE.value,
        "attempts": 1,
        "effects": 1,
        "queued_ms": 10.0,
        "running_ms": takes * 1000,
        "polls": 2,
        "worker": 0,
    }
    return Job(seq, **{**values, **changes})


def not_done(seq: int = 0, state: JobState = JobState.UNFINISHED, **changes) -> Job:
    """Accepted, and then not done; or not accepted."""
    accepted = {} if state is not JobState.NOT_ACCEPTED else {"job_id": None, "accepted_s": None, "attempts": None}
    nothing = dict.fromkeys(("started_s", "done_s", "known_s", "effects", "queued_ms", "running_ms"))
    return job(seq, state=state.value, **{**nothing, **accepted, **changes})


def write_jobs(folder: Path, jobs: list[Job]) -> None:
    """jobs.parquet beside a run's samples."""
    rows = [tuple(getattr(one, name) for name in JOB_COLUMNS) for one in jobs]
    parquet.write(folder / JOBS_FORMAT.file, rows, JOB_KINDS, JOBS_FORMAT)


@lru_cache(maxsize=512)
def _parquet(rows: tuple[tuple[object, ...], ...]) -> bytes:
    """A file's bytes: most pilots of most tests have the same runs."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / SAMPLES_FORMAT.file
        parquet.write(path, rows, SAMPLE_KINDS, SAMPLES_FORMAT)
        return path.read_bytes()


@cache  # the same law is the same function: pilots that draw from it have the same runs
def lognormal(median_s: float = 0.4, sigma: float = 0.3, between: float = 0.05) -> Latency:
    """Latencies with block-to-block spread: the truth that intervals must cover."""

    def draw(rng: np.random.Generator, block: int, n: int) -> np.ndarray:
        shift = np.random.default_rng([block, 7]).normal(0, between)  # shared by both targets: a block's own weather
        return median_s * np.exp(shift + rng.normal(0, 0.02) + rng.normal(0, sigma, n))

    return draw


@dataclass
class Pilot:
    """A workspace with two external targets and evidence drawn from known laws."""

    root: Path
    blocks: int = 6
    per_run: int = 200
    question: str = "Which runtime should serve it?"
    p95_s: float = 2.0
    laws: dict[str, Latency] = field(default_factory=lambda: {"alpha": lognormal(), "beta": lognormal()})
    refused: dict[str, float] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=lambda: {"alpha": "Alpha", "beta": "Beta"})
    seed: int = 1
    everyday: str = "steady"  # the name of the profile that is measured in every block
    jobs: dict[str, Submitted] = field(default_factory=dict)  # by target: what became of a block's submissions
    burst: dict[str, list[Sample]] = field(default_factory=dict)  # by target, the same in every block
    kept: bool = False  # with the digests and costs that a campaign notes
    hybrid: Callable[[Run], list[Sample]] | None = None  # of a router before both, in every paired block
    tracks: dict[str, dict[str, tuple[list[Sample], dict]]] = field(default_factory=dict)  # profile, target

    def workspace(self) -> Workspace:
        """Write pilot.toml and both targets, and open them."""
        pilot = PILOT_TOML.format(blocks=self.blocks, question=self.question, p95_s=self.p95_s)
        pilot = pilot.replace('["steady"]', f'["{self.everyday}"]').replace(
            "profiles.steady", f"profiles.{self.everyday}"
        )
        if self.burst:
            pilot = (
                pilot.replace(f'profiles = ["{self.everyday}"]', f'profiles = ["{self.everyday}", "burst"]')
                + "[profiles.burst]\n"
            )
        if self.hybrid:
            pilot = pilot.replace('candidate = "beta"', 'candidate = "beta"\nhybrid = "router"')
        pilot += "[profiles.jobs]\n" if self.jobs else ""
        pilot += "".join(f"[profiles.{name}]\nrepeats = 1\n" for name in self.tracks)
        (self.root / "pilot.toml").write_text(pilot, encoding="utf-8")
        shapes = {
            "alpha": ("fargate-alb", "vcpu = 1, memory_gb = 2, tasks = 2"),
            "beta": ("fargate-alb", "vcpu = 0.5, memory_gb = 1, tasks = 2"),
        }
        for port, (name, (model, parameters)) in enumerate(shapes.items(), start=9001):
            folder = self.root / "targets" / name
            folder.mkdir(parents=True, exist_ok=True)
            text = TARGET_TOML.format(title=self.titles[name], port=port, model=model, parameters=parameters)
            (folder / "target.toml").write_text(text, encoding="utf-8")
        if self.hybrid:
            (self.root / "targets" / "router").mkdir(exist_ok=True)
            (self.root / "targets" / "router" / "target.toml").write_text(ROUTER_TOML, encoding="utf-8")
        return open_workspace(self.root)

    def plan(self) -> Plan:
        blocks = tuple(
            Block(
                number,
                "AB" if number % 2 else "BA",
                f"2026-11-{10 + number % 20:02d}T09:00+00:00",
                number,
                "09:00",
                tuple(
                    Run(number, position, target, profile, number, "sha256:0", self.per_run, 10.0)
                    for profile in self._profiles()
                    for position, target in enumerate(self._driven(), start=1)
                ),
            )
            for number in range(1, self.blocks + 1)
        )
        profiles = tuple(
            ProfilePlan(
                name,
                f"loadprofiles/{name}.py",
                Start.WARM,
                (),
                10.0,
                0.0,
                self.per_run,
                1 if name in self.tracks else None,
                role=ROLES.get(name, Role.EVERYDAY),
            )
            for name in (*self._profiles(), *self.tracks)
        )
        tracks = tuple(
            Block(
                number,
                "AB",
                "2026-11-24T20:00+00:00",
                14,
                "20:00",
                tuple(
                    Run(number, position, target, name, number, "sha256:0", 10, 10.0)
                    for position, target in enumerate(self.tracks[name], start=1)
                ),
                track=name,
            )
            for number, name in enumerate(self.tracks, start=self.blocks + 1)
        )
        created = "2026-11-10T00:00:00+00:00"
        return Plan("alpha", "beta", 1, blocks, profiles, "sha256:q", Decimal(0), created, tracks)

    def _driven(self) -> tuple[str, ...]:
        return ("alpha", "beta", "router") if self.hybrid else ("alpha", "beta")

    def _profiles(self) -> tuple[str, ...]:
        return (self.everyday, *(["burst"] if self.burst else []), *(["jobs"] if self.jobs else []))

    def write(self) -> tuple[Workspace, Plan, Store]:
        """Everything on disk, as a campaign leaves it."""
        workspace = self.workspace()
        plan, store = self.plan(), Store(workspace.evidence)
        store.write_plan(plan)
        for block in plan.units:
            for run in block.runs:
                started = datetime(2026, 11, 10, 9, tzinfo=UTC) + timedelta(days=block.number, minutes=run.position)
                if run.profile in self.tracks:
                    samples, experiment = self.tracks[run.profile][run.target]
                    write_run(store.run_folder(run, 1), samples, started, experiment=experiment)
                elif self.hybrid and run.target == "router":
                    write_run(store.run_folder(run, 1), self.hybrid(run), started)
                elif run.profile == "burst":
                    write_run(store.run_folder(run, 1), self.burst[run.target], started)
                elif run.profile == "jobs":
                    submitted = self.jobs[run.target](run.block)
                    samples = [sample(one.seq, scheduled_s=one.scheduled_s, stream=False) for one in submitted]
                    write_run(store.run_folder(run, 1), samples, started)
                    write_jobs(store.run_folder(run, 1), submitted)
                else:
                    put_run(store.run_folder(run, 1), self._encoded(run), started)
                if self.kept:
                    files = {
                        store.run_folder(run, 1).relative_to(store.root).as_posix(): digests_of(
                            store.run_folder(run, 1)
                        )
                    }
                    store.note("run ended", run=run.id, attempt=1, cost_usd="0.5", files=files)
            store.note("block ended", block=block.number, attempt=1)
        return workspace, plan, store

    def _encoded(self, run: Run) -> Encoded:
        """Drawn once for all pilots of a process in which it would be the same."""
        alike = self._alike(run)
        if alike is None:
            return encoded(self._samples(run))
        if alike not in _DRAWN:
            while len(_DRAWN) >= MOST_DRAWN:
                del _DRAWN[next(iter(_DRAWN))]
            _DRAWN[alike] = encoded(self._samples(run))
        return _DRAWN[alike]

    def _alike(self, run: Run) -> Hashable | None:
        """What a run's samples depend on; None where a subclass draws its own and does not say."""
        return self._usual(run) if self._draws_as(Pilot) else None

    def _draws_as(self, of: type[Pilot]) -> bool:
        """Neither a subclass nor a test draws otherwise."""
        return getattr(self._samples, "__func__", None) is of._samples

    def _usual(self, run: Run) -> tuple[Hashable, ...]:
        share = self.refused.get(run.target, 0.0)
        return self.seed, run.block, run.position, run.target, self.laws[run.target], self.per_run, share

    def _samples(self, run: Run) -> list[Sample]:
        rng = np.random.default_rng([self.seed, run.block, run.position, ord(run.target[0])])
        responses = self.laws[run.target](rng, run.block, self.per_run)
        share = self.refused.get(run.target, 0.0)
        return [
            failed(k, scheduled_s=k * 0.05)
            if rng.random() < share
            else sample(k, scheduled_s=k * 0.05, response_s=float(seconds))
            for k, seconds in enumerate(responses)
        ]
