"""The options that the profiles add to Locust's own, and their way into a RunSpec.

Everything that can be refused is refused while options are parsed, before Locust forks.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import outlet
from harness.domain import schedule as schedules
from harness.domain.arrivals import LoadProfile
from harness.domain.asks import Asks
from harness.domain.job_map import RAG_JOBS
from harness.domain.process import Process
from harness.domain.target import Dialect, Target
from harness.errors import Exit, PilotError, Refused
from harness.load import locusts_own, ports
from harness.load.following import MIX as JOB_MIX
from harness.load.following import add_job_options, draining, following, paced, shapes_of, variant_of
from harness.load.given import Given
from harness.load.hosts import check_listeners, check_url, declared_by, may_drive, nearest_workspace
from harness.load.origin import tls_context
from harness.load.secret import secret_of
from harness.load.signing import check_credentials
from harness.load.slots import choose_slots
from harness.load.spec import Following, RunSpec, of_target
from harness.load.work import Work, add_work_options, work_of
from harness.workspace import Workspace, job_shapes, presets, trust
from harness.workspace import questions as question_files
from harness.workspace.target_toml import undeclared
from harness.workspace.trace_csv import read_trace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from locust.argument_parser import LocustArgumentParser

    from harness.domain.questions import Question
    from harness.domain.schedule import Asked, Schedule
    from harness.domain.trace import Trace

# set by the campaign: no config file counts, and nothing may touch a cold target first
CAMPAIGN_VARIABLE = "PILOT_CAMPAIGN"
LANES_VARIABLE = "PILOT_LANE_URLS"  # set by the campaign: where its independent copies listen, by commas
COLD_KINDS = ("probes", "cold-starts", "from-zero")
MOST_RATE = 1000.0  # where no pilot.toml says how high a search may go
URL_VARIABLE = "PILOT_BASE_URL"  # set by the campaign: where the embedded target that it started listens


@dataclass
class Prepared:
    """What parsing found; filled before any fork, so that workers have it too."""

    user_base: type | None = None
    spec: RunSpec | None = None
    schedule: Schedule | None = None
    questions: dict[str, Asked] = field(default_factory=dict)
    key: str = ""
    only_describe: bool = False  # a plan is drawn without credentials
    before_forks: Callable[..., None] | None = None
    exit_on_failed: int | None = None  # the code that was chosen for a run with failed requests
    parser: LocustArgumentParser | None = None
    serving: bool = False  # the page parses the command line anew each time it is shown


PREPARED = Prepared()


def add_options(parser: LocustArgumentParser, **_: Any) -> None:  # noqa: ANN401
    """Listener of init_command_line_parser."""
    if os.environ.get(CAMPAIGN_VARIABLE):
        parser._default_config_files = []  # noqa: SLF001 - as Locust does; the plan was drawn without them
    add, hidden = parser.add_argument, partial(parser.add_argument, include_in_web_ui=False)
    hidden("--target", metavar="NAME", help="declared target to drive (default: the baseline of pilot.toml)")
    hidden(
        "--i-own-this-host",
        action="store_true",
        help="vouch for a --host that no target.toml declares and that is not loopback",
    )
    hidden("--dialect", choices=presets.apis(), help="API that --host speaks (default: the target's)")
    add("--model", metavar="NAME", help="model to request (default: the target's)")
    add("--rate", type=float, help="requests per second (burst: between the bursts; capacity: where the search starts)")
    add("--duration", type=float, metavar="SECONDS", help="length of the measured part")
    add("--warmup", type=float, metavar="SECONDS", help="unmeasured time before the measured part")
    add("--arrivals", choices=[p.value for p in Process], help="how requests are spread within a phase")
    hidden("--trace", metavar="FILE", help="replay the timestamps of this CSV, with its token counts if any")
    add(
        "--speed",
        type=float,
        help="with a trace: replay speed, which keeps bursts (--rate then thins it, which weakens them, or adds copies)",
    )
    add("--cv", type=float, help="coefficient of variation of the gaps, for --arrivals gamma")
    add("--seed", type=int, help="seed of the schedule (default: pilot.toml's)")
    add(
        "--slots",
        type=int,
        help="maximum requests in flight per worker (default: enough even for a target that hangs, at most 900)",
    )
    add("--deadline", type=float, metavar="SECONDS", help="limit for the whole answer (default: pilot.toml's, else 30)")
    add("--p95", type=float, metavar="SECONDS", help="p95 that a search keeps its steps to (default: slo.p95_s)")
    add_work_options(parser)
    add_job_options(parser)
    hidden("--questions", metavar="FILE", help="questions.jsonl (default: the corpus's own)")
    hidden(
        "--evidence",
        metavar="DIR",
        help="headless: folder for this run's files, refused if not empty; web UI: parent of one folder per start",
    )
    hidden(
        "--worker-secret-file",
        metavar="FILE",
        help="file of mode 600 with the secret of the master and its workers (default: the variable PILOT_WORKER_SECRET)",
    )
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1")
    parser.set_defaults(web_port=ports.UNSAID, master_bind_port=ports.UNSAID, master_port=ports.UNSAID)
    locusts_own.tell_apart(parser)
    parse = parser.parse_args

    def parse_and_prepare(*args: Any, **kwargs: Any) -> argparse.Namespace:  # noqa: ANN401
        outlet.install()
        _own_modules_last()
        parsed: argparse.Namespace = parse(*args, **kwargs)
        if PREPARED.serving:
            return parsed
        try:
            PREPARED.exit_on_failed, PREPARED.parser = locusts_own.take(parsed), parser
            if any(getattr(parsed, name, False) for name in locusts_own.ONLY_TELL):
                return parsed
            check_listeners(parsed)
            secret = secret_of(parsed)
            ports.MEETING_PORT.choose(parsed)
            ports.choose_page_port(parsed)
            for name in () if PREPARED.spec else locusts_own.unread_variables(parser):
                print(f"warning: {name} is read by no option: docs/load.md lists those that have one", file=sys.stderr)
            resolve(parsed)
            if PREPARED.before_forks is not None and not PREPARED.only_describe:
                forks = bool(parsed.processes)
                PREPARED.before_forks(secret, workers=forks, only_workers=forks and bool(parsed.worker))
        except PilotError as error:
            hint = f"\n  {error.hint}" if error.hint else ""
            print(f"refused: {error}{hint}", file=sys.stderr)
            sys.exit(int(Exit.REFUSED if isinstance(error, Refused) else Exit.FAILED))
        return parsed

    parser.parse_args = parse_and_prepare


def _own_modules_last() -> None:
    """Locust has put the folder that it was started in first, where any file could stand in for an installed module."""
    here = str(Path.cwd())
    if here in sys.path:
        sys.path[:] = [*(folder for folder in sys.path if folder != here), here]


def resolve(parsed: argparse.Namespace, *, again: bool = False) -> RunSpec:
    """Options, pilot.toml and the locustfile's profile as one RunSpec, with its schedule drawn.

    ``again`` reads options that may have been edited in the web UI. Raises Refused with
    every problem at once.
    """
    given = Given(parsed)
    user = _user_class()
    workspace = nearest_workspace()
    target = _target(given, workspace)
    if workspace is not None and not again and not PREPARED.only_describe:
        trust.for_work(workspace, [target.name] if target.folder.parent == workspace.root / "targets" else [])
    load = draining(_load(variant_of(user, given), given, workspace), given)
    jobs = following(load, target, given)
    if jobs is None and target.dialect is Dialect.JOBS:
        raise Refused(f"{target.name} takes jobs and no questions", "measure it with loadprofiles/jobs.py")
    deadline = given.number("deadline") or (workspace.config.load.deadline_s if workspace else 30.0)
    work = work_of(given, workspace)
    asked: Sequence[Asked]
    evaluation = None
    if jobs is not None:
        questions_path, shapes = shapes_of(given, workspace)
        asked, digest, work = shapes, job_shapes.digest(shapes), replace(work, mix=JOB_MIX)
    else:
        questions_path, evaluation, questions = _questions(given, workspace)
        asked, digest, work = questions, question_files.digest(questions), _answerable(given, target, load, work)
    seed = given.whole("seed")
    slots = given.whole("slots")
    given.raise_problems()
    if too_many := load.too_many():
        raise Refused(too_many, "lower --rate or --duration")
    spec = RunSpec(
        profile=_profile_name(user),
        base_url=_base_url(given, target),
        load=load,
        seed=seed if seed is not None else (workspace.config.pilot.seed if workspace else 1),
        slots=slots or 0,
        deadline_s=deadline,
        mix=work.mix,
        jobs=jobs,
        questions_file=str(questions_path),
        questions_digest=digest,
        evaluation_file=str(evaluation) if evaluation else None,
        workspace=str(workspace.root) if workspace else None,
        evidence=given.text("evidence"),
        p95_limit_s=given.number("p95") or (workspace.config.slo.p95_s if workspace else None),
        ttft_p95_limit_s=workspace.config.slo.ttft_p95_s if workspace and load.asks is Asks.CHAT else None,
        error_rate_limit=workspace.config.slo.error_rate if workspace else 0.01,
        most_rate=workspace.config.limits.max_rate if workspace else MOST_RATE,
        lanes=_lanes(target, given, workspace),
        max_tokens=workspace.config.load.max_tokens if workspace else None,
        retry=work.retry,
        connections=work.connections,
        ask_meta_first=_asks_meta(load, jobs),
        **of_target(target),
    )
    _check_limits(spec, workspace)
    sends = not getattr(parsed, "master", False)  # a master's workers have secrets of their own
    if sends and not again and not PREPARED.only_describe:
        check_credentials(spec)
    if spec.base_url and spec.base_url.startswith("https"):
        tls_context(spec.ca_file)
    key = repr(replace(spec, evidence=None, slots=0, load=replace(load, trace=None))) + str(
        load.trace and load.trace.digest
    )
    if PREPARED.key != key or PREPARED.schedule is None:
        PREPARED.schedule = schedules.draw(spec.load, asked, spec.seed, spec.mix)
        PREPARED.questions = {q.id: q for q in asked}
        PREPARED.key = key
    quiet = again or bool(PREPARED.spec)
    jobs = paced(jobs, load, len(PREPARED.schedule), given, spec.most_rate)
    spec = replace(spec, slots=choose_slots(spec, PREPARED.schedule, workers=_workers(parsed), quiet=quiet), jobs=jobs)
    PREPARED.spec = spec
    return spec


def _answerable(given: Given, target: Target, load: LoadProfile, work: Work) -> Work:
    """The work as this target can be asked for it; what it can't answer becomes a problem."""
    if load.asks is Asks.RETRIEVAL:
        if target.retrieval is None:
            given.problem(f"{target.name}: its target.toml does not say how to ask for passages: add [retrieval]")
        return replace(work, mix=work.mix.for_retrieval())
    if target.fields is not None and (problem := target.fields.cannot_read(work.mix.stream_share)):
        given.problem(f"--stream-share: {problem}, or another --mode")
    return work


def _asks_meta(load: LoadProfile, jobs: Following | None) -> bool:
    """Nothing touches a cold target first, and a job API of a team's own has no /v1/meta."""
    own = jobs is not None and jobs.how.name != RAG_JOBS
    return load.kind not in COLD_KINDS and not own and not os.environ.get(CAMPAIGN_VARIABLE)


def _workers(parsed: argparse.Namespace) -> int:
    """As far as the options tell: ``--processes -1`` is one a core, and a master may be told how many to expect."""
    asked = getattr(parsed, "processes", None)
    if asked:
        return int(asked) if int(asked) > 0 else os.cpu_count() or 1
    return max(1, int(getattr(parsed, "expect_workers", None) or 1))


def _user_class() -> type:
    base = PREPARED.user_base
    subclasses = _below(base) if base else []
    found = [c for c in subclasses if getattr(c, "schedule", None) is not None]
    if len(found) != 1:
        names = ", ".join(c.__name__ for c in found) or "none"
        raise Refused(
            f"one locustfile a run: want exactly one ChatUser with a schedule, found {names}",
            "-f names one file of loadprofiles/, and it declares one schedule",
        )
    return found[0]


def _below(base: type) -> list[type]:
    """Every class that is one, at whatever depth."""
    below: list[type] = base.__subclasses__()
    return [one for child in below for one in (child, *_below(child))]


def _profile_name(user: type) -> str:
    module = sys.modules.get(user.__module__)
    return Path(getattr(module, "__file__", None) or user.__name__.lower()).stem


def _target(given: Given, workspace: Workspace | None) -> Target:
    """The declared target, or a bare one for ``--host``; raises Refused when neither is known."""
    name, host = given.text("target"), given.text("host")
    if workspace is None:
        if host is None:
            raise Refused("no pilot.toml here, and no --host", "run this in a pilot's folder or name a --host")
        return _bare(given, host)
    if name is None and host is not None:
        check_url(host)
        declared = declared_by(workspace, host)
        return _spoken(declared, given) if declared else _bare(given, host)
    chosen = name or workspace.config.pilot.baseline
    # what a profile sends can be said before its target is deployed
    target = workspace.prospect(chosen).target if PREPARED.only_describe and not name else workspace.target(chosen)
    for url in (host, os.environ.get(URL_VARIABLE)):
        if url is not None:
            may_drive(url, workspace, vouched=given.flag("i_own_this_host"))
    return _spoken(target, given)


def _spoken(target: Target, given: Given) -> Target:
    """As ``--dialect`` and ``--model`` have it asked."""
    dialect, model = given.text("dialect"), given.text("model") or target.model
    if dialect in (None, target.dialect.value, target.preset):
        return replace(target, model=model, fields=target.fields and replace(target.fields, model=model))
    other = undeclared(target.base_url or "http://127.0.0.1", dialect or "", model)
    how = {name: getattr(other, name) for name in ("dialect", "preset", "fields", "openai", "model")}
    return replace(target, **how, headers={**other.headers, **target.headers})


def _bare(given: Given, host: str) -> Target:
    may_drive(host, None, vouched=given.flag("i_own_this_host"))
    return undeclared(host, given.text("dialect") or Dialect.RAG_CHAT.value, given.text("model"))


def _base_url(given: Given, target: Target) -> str | None:
    return given.text("host") or os.environ.get(URL_VARIABLE) or target.base_url


def _lanes(target: Target, given: Given, workspace: Workspace | None) -> tuple[str, ...]:
    """Base URLs of the target's independent copies, held to the same rule; an embedded one's come with its start."""
    said = os.environ.get(LANES_VARIABLE)
    lanes = tuple(said.split(",")) if said else target.lanes
    for url in lanes:
        may_drive(url, workspace, vouched=given.flag("i_own_this_host"))
    return lanes


def _load(profile: LoadProfile, given: Given, workspace: Workspace | None) -> LoadProfile:
    """The locustfile's profile with the options' changes."""
    rate, duration, warmup = given.number("rate"), given.number("duration"), given.number("warmup")
    cv, speed = given.number("cv"), given.number("speed")
    if profile.experiment is not None:
        return _experiment(profile, given, rate, duration, warmup)
    file = given.text("trace") or profile.trace_file
    if file is not None:
        profile = profile.playing(_trace(file, given, workspace), speed)
    elif speed is not None:
        given.problem("--speed requires --trace FILE")
    if rate is not None:
        profile = profile.at_rate(rate)
    if duration is not None:
        profile = profile.during(duration)
    if warmup is not None:
        profile = profile.after_warmup(warmup)
    arrivals = given.text("arrivals")
    if arrivals is not None or cv is not None:
        if file is not None:
            given.problem("--arrivals and --cv: a trace has its own instants")
        elif cv is not None and (arrivals or profile.process) != Process.GAMMA:
            given.problem("--cv: only gamma arrivals have one; add --arrivals gamma")
        profile = profile.spread(arrivals or profile.process, cv)
    return profile


def _experiment(
    profile: LoadProfile, given: Given, rate: float | None, duration: float | None, warmup: float | None
) -> LoadProfile:
    """Only what the experiment has can be changed; anything else would be ignored in silence."""
    has = {name for name in ("rate", "duration_s") if hasattr(profile.experiment, name)}
    wanted = {
        "--rate": rate is not None and "rate" not in has,
        "--duration": duration is not None and "duration_s" not in has,
        "--warmup": bool(warmup),
        **{f"--{name}": given.text(name) is not None for name in ("arrivals", "cv", "trace", "speed")},
    }
    for name, wrong in wanted.items():
        if wrong:
            given.problem(f"{name}: {profile.kind} decides by itself what to send and when; change its locustfile")
    profile = profile if rate is None else profile.at_rate(rate)
    return profile if duration is None else profile.during(duration)


def _trace(file: str, given: Given, workspace: Workspace | None) -> Trace:
    """As typed from here; as a locustfile names it, from the workspace."""
    path = Path(file)
    typed = given.text("trace") or path.is_absolute() or workspace is None
    trace = read_trace(path.resolve() if typed else workspace.root / path)  # type: ignore[union-attr]
    if trace.read_as and not PREPARED.spec:
        print(f"note: {file}: {trace.read_as}", file=sys.stderr)
    return trace


def _questions(given: Given, workspace: Workspace | None) -> tuple[Path, Path | None, tuple[Question, ...]]:
    """Their file, that of the evaluation set, and what both hold; questions named by hand are asked alone."""
    text = given.text("questions")
    if text is not None:
        path = Path(text).resolve()
        return path, None, question_files.read_questions(path, workspace.config.load.max_tokens if workspace else None)
    if workspace is None:
        raise Refused("no pilot.toml here, and no --questions", "name a questions file with --questions")
    asked = workspace.questions()
    load = workspace.config.load
    named = workspace.root / load.questions if load.questions else workspace.corpus.questions
    return named, workspace.evaluation, asked


def _check_limits(spec: RunSpec, workspace: Workspace | None) -> None:
    if workspace is not None and spec.load.peak_rate > workspace.config.limits.max_rate:
        raise Refused(
            f"{spec.profile} would send {spec.load.peak_rate:g} requests a second; "
            f"limits.max_rate of pilot.toml is {workspace.config.limits.max_rate:g}",
            "lower --rate, or raise the limit if the target may be asked for more",
        )


def evidence_folder(spec: RunSpec, environment: Any) -> Path:  # noqa: ANN401
    """The folder of one run: ``--evidence`` itself when headless, a new folder below it in the web UI."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    name = f"{stamp}-{spec.profile}-{spec.target}"
    headless = environment.web_ui is None
    if spec.evidence:
        return Path(spec.evidence) if headless else Path(spec.evidence) / name
    root = Path(spec.workspace) if spec.workspace else Path.cwd()
    return root / "evidence" / "by-hand" / name
