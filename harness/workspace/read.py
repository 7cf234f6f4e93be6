"""The Workspace: one folder with a pilot in it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from harness.domain.mix import Mix, TokenLength
from harness.domain.own_costs import OwnCost
from harness.domain.questions import Question
from harness.domain.retry import NO_RETRY, RetryPolicy
from harness.domain.sweep import MARK, Setting, Sweep
from harness.domain.target import Target
from harness.domain.trace import Trace
from harness.domain.traffic import Traffic, week_of
from harness.domain.verdict import AT_LEAST, PROMISED, Slo
from harness.domain.workload import WorkKind, Workload
from harness.errors import BadFile, NoWorkspace, Problem, Refused
from harness.evidence.regular import there
from harness.platforms.generator import GeneratorConfig
from harness.tables.problems import read_valid
from harness.workspace.corpus import MARK as CORPUS_MARK
from harness.workspace.corpus import CorpusPaths
from harness.workspace.generator_toml import read_generator
from harness.workspace.pilot_toml import PilotToml
from harness.workspace.prospect import Prospect
from harness.workspace.questions import with_evaluation
from harness.workspace.sides import before
from harness.workspace.sweep_toml import FILE as SWEEP_FILE
from harness.workspace.sweep_toml import read_sweep
from harness.workspace.target_toml import read_prospect, read_target
from harness.workspace.trace_csv import read_trace

T = TypeVar("T")


@dataclass(frozen=True)
class Workspace:
    """pilot.toml and what lies beside it; targets and questions are read when asked for."""

    root: Path
    config: PilotToml
    _kept: dict[str, Any] | None = field(default=None, repr=False, compare=False)  # None: nothing is

    def still(self) -> Workspace:
        """As it is now: a decision asks for its targets and its trace dozens of times, and reads each once."""
        return self if self._kept is not None else replace(self, _kept={})

    def _once(self, what: str, read: Callable[[], T]) -> T:
        if self._kept is None:
            return read()
        if what not in self._kept:
            self._kept[what] = read()
        made: T = self._kept[what]
        return made

    @property
    def evidence(self) -> Path:
        """Raises Refused where something else has its name."""
        folder = self.root / "evidence"
        if there(folder) and not folder.is_dir():
            raise Refused(f"{folder} is not a folder", "rename it: a pilot keeps what it measures there")
        return folder

    @property
    def state(self) -> Path:
        """Run-time state of the embedded platform; nothing that a report needs."""
        return self.root / ".pilot" / "local"

    @property
    def rendered(self) -> Path:
        return self.root / "reports" / "rendered"

    @cached_property
    def corpus(self) -> CorpusPaths:
        return CorpusPaths(self.root / self.config.corpus.folder, self.config.corpus.build)

    @cached_property
    def generator(self) -> GeneratorConfig:
        """Who sends the load; raises BadFile."""
        return read_generator(self.config.generator, self.root / "pilot.toml")

    @cached_property
    def target_names(self) -> tuple[str, ...]:
        folder = self.root / "targets"
        inner = folder.iterdir() if folder.is_dir() else ()
        return tuple(sorted(p.name for p in inner if there(p / "target.toml")))

    def target(self, name: str) -> Target:
        """One declared target, or ``NAME@SETTING`` of its sweep; raises Refused with the nearest name, or BadFile."""
        return self._once(f"targets/{name}", lambda: self._read(*name.partition(MARK)[::2]))

    def _read(self, name: str, setting: str) -> Target:
        folder = self._folder(name)
        made = read_target(folder, self._fill, self._setting(name, setting) if setting else None)
        if sides := [self.target(side) for side in made.runtime.behind]:
            made = before(made, sides, folder / "target.toml")
        return replace(made, beside=tuple(cost for cost in self.own_costs() if cost.pays_for(name)))

    def prospect(self, name: str) -> Prospect:
        """One declared target, whether or not it is deployed yet; raises Refused with the nearest name, or BadFile."""
        folder = self._folder(name)
        made = read_prospect(folder, self._fill)
        sides = [self.prospect(side) for side in made.target.runtime.behind]
        both = (made, *sides)
        unset = dict.fromkeys(variable for one in both for variable in one.unset)
        absent = dict.fromkeys(file for one in both for file in one.absent)
        target = made.target
        if sides:
            target = before(target, [side.target for side in sides], folder / "target.toml")
        return Prospect(target, tuple(unset), tuple(absent))

    def to_deploy(self, name: str) -> Target:
        """One target whose variables its deployment will set; raises Refused, or BadFile."""
        return read_target(self._folder(name), self._fill, deploying=True)

    def _folder(self, name: str) -> Path:
        """Of a declared target; raises Refused with the nearest name."""
        if name not in self.target_names:
            raise _unknown("target", name, self.target_names, self.root / "targets")
        return self.root / "targets" / name

    @property
    def _fill(self) -> dict[str, str]:
        return {"corpus": str(self.corpus.folder), "workspace": str(self.root)}

    def sweep(self, name: str) -> Sweep | None:
        """The settings of one target that are to be tried, None where it declares none; raises BadFile."""
        return read_sweep(self.root / "targets" / name)

    def swept(self, sweep: Sweep) -> tuple[Target, ...]:
        """What each setting makes of its target; raises BadFile with the problems of all."""
        problems: list[Problem] = []
        found: list[Target] = []
        for name, setting in zip(sweep.names, sweep.settings, strict=True):
            try:
                found.append(self.target(name))
            except BadFile as bad:
                problems += [Problem(setting.name, str(p)) for p in bad.problems]
        if problems:
            raise BadFile(self.root / "targets" / sweep.target / SWEEP_FILE, problems)
        return tuple(found)

    def _setting(self, target: str, name: str) -> Setting:
        sweep = self.sweep(target)
        settings = {s.name: s for s in sweep.settings} if sweep else {}
        if name not in settings:
            raise _unknown("setting", name, tuple(settings), self.root / "targets" / target / SWEEP_FILE)
        return settings[name]

    def pair(self) -> tuple[Target, Target]:
        """Baseline and candidate; raises BadFile with the problems of both."""
        baseline, candidate = self._targets("baseline", "candidate")
        return baseline, candidate

    def measured(self) -> tuple[Target, ...]:
        """Every target that the campaign drives: the two, the hybrid of both, then their variants."""
        return self._targets("baseline", "candidate", "hybrid", "variants")

    def prospects(self) -> tuple[Target, ...]:
        """The same targets, deployed or not: what they will cost can be said before that; raises Refused, BadFile."""
        try:
            found = [self.prospect(name) for name in self.config.pilot.measured]
        except Refused:
            return self.measured()  # which says what is wrong with all of them
        return tuple(one.target for one in found) if any(one.unset for one in found) else self.measured()

    def hybrid(self) -> Target | None:
        """The router before both that the campaign measures with them; None where pilot.toml names none."""
        return self.target(self.config.pilot.hybrid) if self.config.pilot.hybrid else None

    def _targets(self, *roles: str) -> tuple[Target, ...]:
        problems: list[Problem] = []
        found: list[Target] = []
        for role in roles:
            said = getattr(self.config.pilot, role)
            for name in (said,) if isinstance(said, str) else said or ():
                try:
                    found.append(self.target(name))
                except BadFile as bad:
                    problems += [Problem(str(bad.path), str(p)) for p in bad.problems]
                except Refused as refused:
                    problems.append(Problem(f"pilot.{role}", f"{refused}; {refused.hint}"))
        share = self.config.load.stream_share
        for target in found:
            if target.fields is not None and (problem := target.fields.cannot_read(share)):
                problems.append(Problem("load.stream_share", f"{target.name}: {problem}"))
        if problems:
            raise BadFile(self.root / "pilot.toml", list(dict.fromkeys(problems)))
        return tuple(found)

    def questions(self, path: Path | None = None) -> tuple[Question, ...]:
        """The questions file, built first where it belongs to a corpus that is not built yet."""
        load = self.config.load
        chosen = path or (self._named("load.questions", load.questions) if load.questions else None)
        if chosen is None:
            self.corpus.ensure()
            chosen = self.corpus.questions
        return with_evaluation(chosen, None if path else self.evaluation, load.max_tokens)

    @property
    def evaluation(self) -> Path | None:
        """The evaluation set's file; ``{corpus}`` in its name stands for the corpus's folder, where it may be made."""
        name = self.config.quality.set
        if name is None:
            return None
        if CORPUS_MARK in name:
            self.corpus.ensure(*([Path(name).name] if Path(name).parent == Path(CORPUS_MARK) else []))
            name = name.replace(CORPUS_MARK, str(self.corpus.folder))
        return self._named("quality.set", name)

    def mix(self) -> Mix:
        """What arrivals ask, as [load] and [mix] say."""
        table, load = self.config.mix, self.config.load
        return Mix(
            stream_share=load.stream_share,
            zipf=table.zipf,
            repeats=table.repeats,
            passages=tuple((int(count), share) for count, share in sorted(table.passages.items())),
            turns=table.turns,
            think_s=table.think_s,
            prompt=TokenLength(table.prompt_tokens, table.prompt_sigma) if table.prompt_tokens else None,
            tenants=tuple(self.config.tenants.items()),
            evaluated=self.config.quality.share if self.config.quality.set else 0.0,
        )

    def retry(self) -> RetryPolicy:
        """What the client does after a refusal, as [load] says."""
        load = self.config.load
        return NO_RETRY if load.retry == "none" else RetryPolicy(load.retry_attempts, cap_s=load.retry_cap_s)

    def traffic(self) -> Traffic:
        """What cost is scored at; raises BadFile for a trace that has no shape."""
        return self._once("traffic", self._traffic)

    def _traffic(self) -> Traffic:
        said = self.config.traffic
        week = said.week
        trace = self.traffic_trace()
        if trace is not None:
            try:
                week = week_of([seen.at_s for seen in trace.requests])
            except ValueError as error:
                problem = Problem("traffic.trace", f"{trace.file}: {error}")
                raise BadFile(self.root / "pilot.toml", [problem]) from None
        return Traffic(said.requests_per_month, said.peak_per_s, week)

    def own_costs(self) -> tuple[OwnCost, ...]:
        """What [costs] says somebody pays beside the platforms' bills."""
        return tuple(table.made(name) for name, table in self.config.costs.items())

    def workloads(self) -> tuple[Workload, ...]:
        """Those of [workloads]; where there is none, the one that [slo] and [traffic] are of."""
        declared = tuple(table.made(name) for name, table in self.config.workloads.items())
        volume = self.config.traffic.requests_per_month
        endpoint = Workload(
            "endpoint", WorkKind.REQUEST, waited_for=True, title="the endpoint", per_month=volume, declared=False
        )
        return declared or (endpoint,)

    def traffic_trace(self) -> Trace | None:
        """The file that [traffic] names; raises BadFile with its lines."""
        name = self.config.traffic.trace
        if name is None:
            return None
        return self._once("trace", lambda: read_trace(self._named("traffic.trace", name)))

    def _named(self, field: str, name: str) -> Path:
        """A file that pilot.toml names; raises BadFile that names the field where there is none."""
        path = self.root / name
        if not path.exists():
            raise BadFile(self.root / "pilot.toml", [Problem(field, f"there is no file {path}")])
        return path

    def times_read_as(self) -> tuple[str, ...]:
        """A line for each trace of pilot.toml whose times were not seconds; raises BadFile with its lines."""
        profiles = {f"profiles.{name}.trace": profile.trace for name, profile in self.config.profiles.items()}
        named = {"traffic.trace": self.config.traffic.trace, **profiles}
        files = {name: self._named(field, name) for field, name in named.items() if name}
        return tuple(f"{name}: {said}" for name, path in files.items() if (said := read_trace(path).read_as))

    def slos(self) -> tuple[Slo, ...]:
        """Promises that a run can be judged by, in the order of the file."""
        slo = self.config.slo
        at_most = {
            "p95_s": slo.p95_s,
            "p99_s": slo.p99_s,
            "ttft_p95_s": slo.ttft_p95_s,
            "first_reasoning_p95_s": slo.first_reasoning_p95_s,
        }
        out = [Slo(PROMISED[metric], metric, limit, "s") for metric, limit in at_most.items() if limit is not None]
        shares = {
            "error_rate": slo.error_rate,
            "goodput": slo.goodput,
            "availability": slo.availability,
            "full_quality_share": slo.full_quality_share,
        }
        for metric, share in shares.items():
            if share is not None:
                out.append(Slo(PROMISED[metric], metric, share, "share", metric in AT_LEAST))
        return tuple(out)


def _unknown(what: str, name: str, known: tuple[str, ...], where: Path) -> Refused:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"declared: {', '.join(known) or 'none'}"
    return Refused(f"no {what} {name!r} in {where}", hint)


def open_workspace(root: Path) -> Workspace:
    """The workspace in this folder; raises BadFile with every problem of pilot.toml, and then those of its targets too."""
    path = root / "pilot.toml"
    try:
        config = read_valid(PilotToml, path)
    except BadFile as bad:
        raise BadFile(path, [*bad.problems, *_of_targets(root.resolve())], bad.hint) from None
    made = Workspace(root.resolve(), config)
    assert made.generator  # what is wrong with it is said now
    return made


def _of_targets(root: Path) -> Iterator[Problem]:
    """What is wrong with the targets of a workspace that can't be opened; whoever fixes one file fixes all."""
    for folder in sorted(folder for folder in root.glob("targets/*") if there(folder / "target.toml")):
        try:
            read_prospect(folder, {"corpus": str(root), "workspace": str(root)})
        except BadFile as bad:
            yield from (Problem(f"targets/{folder.name}/target.toml", str(problem)) for problem in bad.problems)


def find(start: Path | None = None) -> Workspace:
    """The workspace that this folder or the nearest one above it holds."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if there(
            folder / "pilot.toml"
        ):  # a folder or a link in a circle is told, never passed by for a workspace above
            return open_workspace(folder)
    raise NoWorkspace(
        f"no pilot.toml in {here} or above it", "pilot init DIR makes a workspace; or change to the folder of one"
    )
