"""The options that the profiles add to Locust's own, and their way into a RunSpec.

Everything that can be refused is refused while options are parsed, before Locust forks.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.domain import schedule as schedules
from harness.domain.arrivals import LoadProfile, Process
from harness.domain.target import Dialect, Target
from harness.errors import Exit, PilotError, Refused
from harness.load.hosts import check_listeners, declared_by, may_drive, nearest_workspace
from harness.load.spec import MOST_SLOTS_PER_WORKER, RunSpec
from harness.workspace import Workspace
from harness.workspace import questions as question_files

if TYPE_CHECKING:
    import argparse

    from locust.argument_parser import LocustArgumentParser

    from harness.domain.questions import Question
    from harness.domain.schedule import Schedule

CAMPAIGN_VARIABLE = "PILOT_CAMPAIGN"  # set by the campaign: nothing may touch a cold target before its probe
URL_VARIABLE = "PILOT_BASE_URL"  # set by the campaign: where the embedded target that it started listens
MODES = {"json": 0.0, "stream": 1.0}


@dataclass
class Prepared:
    """What parsing found; filled before any fork, so that workers have it too."""

    user_base: type | None = None
    spec: RunSpec | None = None
    schedule: Schedule | None = None
    questions: dict[str, Question] = field(default_factory=dict)
    key: str = ""


PREPARED = Prepared()


def add_options(parser: LocustArgumentParser, **_: Any) -> None:  # noqa: ANN401
    """Listener of init_command_line_parser."""
    add = parser.add_argument
    add("--target", metavar="NAME", help="declared target to drive (default: the baseline of pilot.toml)")
    add(
        "--i-own-this-host",
        action="store_true",
        include_in_web_ui=False,
        help="vouch for a --host that stands in no target.toml and is not loopback",
    )
    add("--dialect", choices=[d.value for d in Dialect], help="API that --host speaks (default: the target's)")
    add("--rate", type=float, help="requests per second (burst: between the bursts; capacity: where the search starts)")
    add("--duration", type=float, metavar="SECONDS", help="length of the measured part")
    add("--warmup", type=float, metavar="SECONDS", help="before the measured part, not measured")
    add("--arrivals", choices=[p.value for p in Process], help="how requests are spread within a phase")
    add("--cv", type=float, help="coefficient of variation of the gaps, for --arrivals gamma")
    add("--seed", type=int, help="seed of the schedule (default: pilot.toml's)")
    add(
        "--slots",
        type=int,
        help="requests that may be in flight, a worker (default: peak rate x deadline, at most 900)",
    )
    add("--deadline", type=float, metavar="SECONDS", help="for the whole answer (default: pilot.toml's, else 30)")
    add("--mode", choices=["json", "stream", "mixed"], help="how answers are asked for (default mixed)")
    add("--stream-share", type=float, metavar="SHARE", help="share of streamed answers with --mode mixed")
    add("--questions", metavar="FILE", help="questions.jsonl (default: the corpus's own)")
    add(
        "--evidence",
        metavar="DIR",
        include_in_web_ui=False,
        help="headless: the folder for this run's files, refused if not empty; web UI: the parent, a folder a start",
    )
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1")
    parse = parser.parse_args

    def parse_and_prepare(*args: Any, **kwargs: Any) -> argparse.Namespace:  # noqa: ANN401
        parsed: argparse.Namespace = parse(*args, **kwargs)
        _take_locusts_own(parsed)
        try:
            check_listeners(parsed)
            resolve(parsed)
        except PilotError as error:
            hint = f"\n  {error.hint}" if error.hint else ""
            print(f"refused: {error}{hint}", file=sys.stderr)
            sys.exit(int(Exit.REFUSED if isinstance(error, Refused) else Exit.FAILED))
        return parsed

    parser.parse_args = parse_and_prepare


def _take_locusts_own(parsed: argparse.Namespace) -> None:
    """``-t`` and ``-u`` are taken as ``--duration`` and ``--slots``; Locust's own timer would cut the drain."""
    if getattr(parsed, "run_time", None):
        parsed.duration = parsed.duration or float(parsed.run_time)
        parsed.run_time = None
    if getattr(parsed, "num_users", None) and not parsed.slots:
        parsed.slots = int(parsed.num_users)


def resolve(parsed: argparse.Namespace, *, again: bool = False) -> RunSpec:
    """Options, pilot.toml and the locustfile's profile as one RunSpec, with its schedule drawn.

    ``again`` reads options that may have been edited in the web UI. Raises Refused with
    every problem at once.
    """
    given = _Given(parsed)
    user = _user_class()
    workspace = nearest_workspace()
    target = _target(given, workspace)
    load = _load(user.schedule, given, workspace, _profile_name(user))  # type: ignore[attr-defined]
    deadline = given.number("deadline") or (workspace.config.load.deadline_s if workspace else 30.0)
    questions_path, asked = _questions(given, workspace)
    given.raise_problems()
    seed = given.whole("seed")
    spec = RunSpec(
        profile=_profile_name(user),
        target=target.name,
        base_url=_base_url(given, target),
        dialect=given.text("dialect") or target.dialect.value,
        load=load,
        seed=seed if seed is not None else (workspace.config.pilot.seed if workspace else 1),
        slots=_slots(given, load, deadline, quiet=again or bool(PREPARED.spec)),
        deadline_s=deadline,
        stream_share=_stream_share(given, workspace),
        questions_file=str(questions_path),
        questions_digest=question_files.digest(asked),
        workspace=str(workspace.root) if workspace else None,
        evidence=given.text("evidence"),
        headers_from_env=dict(target.headers_from_env),
        p95_limit_s=workspace.config.slo.p95_s if workspace else None,
        max_tokens=workspace.config.load.max_tokens if workspace else None,
        embedded=target.embedded,
        ask_meta_first=load.kind != "probes" and not os.environ.get(CAMPAIGN_VARIABLE),
    )
    _check_limits(spec, workspace)
    key = repr(replace(spec, evidence=None))
    if PREPARED.key != key:
        PREPARED.schedule = schedules.draw(spec.load, asked, spec.seed, spec.stream_share)
        PREPARED.questions = {q.id: q for q in asked}
        PREPARED.key = key
    PREPARED.spec = spec
    return spec


class _Given:
    """Options as values; the web UI hands numbers back as text."""

    def __init__(self, parsed: argparse.Namespace) -> None:
        self._values = vars(parsed)
        self._problems: list[str] = []

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        return str(value) if value not in (None, "", "None") else None

    def number(self, name: str, *, zero: bool = False) -> float | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not (value > 0 or (zero and value == 0)) or value != value or value == float("inf"):  # noqa: PLR0124
            self._problems.append(
                f"--{name.replace('_', '-')}: want a number {'of at least' if zero else 'above'} 0, not {text}"
            )
            return None
        return value

    def whole(self, name: str) -> int | None:
        text = self.text(name)
        try:
            return None if text is None else int(float(text))
        except ValueError:
            self._problems.append(f"--{name}: want a whole number, not {text}")
            return None

    def flag(self, name: str) -> bool:
        return bool(self._values.get(name))

    def problem(self, text: str) -> None:
        self._problems.append(text)

    def raise_problems(self) -> None:
        if self._problems:
            raise Refused("; ".join(self._problems), "locust -f FILE --help lists the options")


def _user_class() -> type:
    base = PREPARED.user_base
    subclasses: list[type] = base.__subclasses__() if base else []
    found = [c for c in subclasses if getattr(c, "schedule", None) is not None]
    if len(found) != 1:
        names = ", ".join(c.__name__ for c in found) or "none"
        raise Refused(f"one locustfile a run: want exactly one ChatUser with a schedule, found {names}")
    return found[0]


def _profile_name(user: type) -> str:
    module = sys.modules.get(user.__module__)
    return Path(getattr(module, "__file__", None) or user.__name__.lower()).stem


def _target(given: _Given, workspace: Workspace | None) -> Target:
    """The declared target, or a bare one for ``--host``; raises Refused when neither is known."""
    name, host = given.text("target"), given.text("host")
    if workspace is None:
        if host is None:
            raise Refused("no pilot.toml here, and no --host", "run this in a pilot's folder or name a --host")
        return _bare(given, host)
    if name is None and host is not None:
        declared = declared_by(workspace, host)
        return declared or _bare(given, host)
    target = workspace.target(name or workspace.config.pilot.baseline)
    for url in (host, os.environ.get(URL_VARIABLE)):
        if url is not None:
            may_drive(url, workspace, vouched=given.flag("i_own_this_host"))
    return target


def _bare(given: _Given, host: str) -> Target:
    from harness.domain.target import External  # noqa: PLC0415

    may_drive(host, None, vouched=given.flag("i_own_this_host"))
    name = urlsplit(host).netloc.replace(":", "-") or "host"
    dialect = Dialect(given.text("dialect") or Dialect.RAG_CHAT)
    return Target(name=name, folder=Path(), dialect=dialect, runtime=External(), base_url=host)


def _base_url(given: _Given, target: Target) -> str | None:
    return given.text("host") or os.environ.get(URL_VARIABLE) or target.base_url


def _load(profile: LoadProfile, given: _Given, workspace: Workspace | None, name: str) -> LoadProfile:
    """The locustfile's profile with the options' changes."""
    del workspace, name
    rate, duration, warmup = given.number("rate"), given.number("duration"), given.number("warmup", zero=True)
    cv = given.number("cv")
    if rate is not None:
        profile = profile.at_rate(rate)
    if duration is not None:
        profile = profile.during(duration)
    if warmup is not None:
        profile = profile.after_warmup(warmup)
    arrivals = given.text("arrivals")
    if arrivals is not None or cv is not None:
        if cv is not None and (arrivals or profile.process) != Process.GAMMA:
            given.problem("--cv: only gamma arrivals have one; add --arrivals gamma")
        profile = profile.spread(arrivals or profile.process, cv)
    return profile


def _slots(given: _Given, load: LoadProfile, deadline_s: float, *, quiet: bool) -> int:
    asked = given.whole("slots")
    if asked is not None:
        return max(1, asked)
    wanted = max(1, round(load.peak_rate * deadline_s + 0.5))
    if wanted > MOST_SLOTS_PER_WORKER and not quiet:
        print(
            f"warning: {wanted} slots would cover peak rate x deadline; capped at {MOST_SLOTS_PER_WORKER} a worker "
            "(add workers with --processes)",
            file=sys.stderr,
        )
    return min(wanted, MOST_SLOTS_PER_WORKER)


def _stream_share(given: _Given, workspace: Workspace | None) -> float:
    mode = given.text("mode") or "mixed"
    if mode in MODES:
        return MODES[mode]
    text = given.text("stream_share")
    share = float(text) if text is not None else (workspace.config.load.stream_share if workspace else 1.0)
    if not 0 <= share <= 1:
        raise Refused(f"--stream-share: want a share from 0 to 1, not {text}")
    return share


def _questions(given: _Given, workspace: Workspace | None) -> tuple[Path, tuple[Question, ...]]:
    text = given.text("questions")
    if text is not None:
        path = Path(text).resolve()
        return path, question_files.read_questions(path, workspace.config.load.max_tokens if workspace else None)
    if workspace is None:
        raise Refused("no pilot.toml here, and no --questions", "name a questions file with --questions")
    asked = workspace.questions()
    load = workspace.config.load
    return (workspace.root / load.questions if load.questions else workspace.corpus.questions), asked


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
