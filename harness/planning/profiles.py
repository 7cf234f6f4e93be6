"""What each profile of a block would send, asked of the locustfile itself in a child process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.domain.arrivals import LoadProfile, from_data
from harness.domain.job import JobShape
from harness.domain.lines import last_line
from harness.domain.mix import Mix, mix_from
from harness.domain.plan import ProfilePlan, Start
from harness.domain.role import PACED, Role, role_of
from harness.domain.workload import WorkKind
from harness.errors import PilotError, Refused
from harness.workspace import Workspace
from harness.workspace.job_shapes import read_shapes
from harness.workspace.pilot_toml import Profile
from harness.workspace.trace_csv import read_trace

DESCRIBE_TIMEOUT_S = 60


@dataclass(frozen=True)
class Described:
    """A profile's plan with the load that it stands for."""

    plan: ProfilePlan
    load: LoadProfile
    mix: Mix
    deadline_s: float
    shapes: tuple[JobShape, ...] = ()  # of jobs: what is submitted in place of questions


def describe(workspace: Workspace) -> tuple[Described, ...]:
    """Every profile of pilot.toml, in the file's order; raises Refused with all problems."""
    return described(workspace, workspace.config.profiles)


def described(workspace: Workspace, profiles: Mapping[str, Profile]) -> tuple[Described, ...]:
    """These profiles by their names, as their locustfiles say; raises Refused with all problems."""
    asked, out, problems = {}, [], []
    for name, profile in profiles.items():
        of = workspace.config.profiles[profile.aa_of] if profile.aa_of else None
        file = f"loadprofiles/{profile.file or (of and of.file) or profile.aa_of or name}.py"
        if not (workspace.root / file).is_file():
            problems.append(f"[profiles.{name}]: no {workspace.root / file}")
            continue
        asked[name] = (file, options_of(profile, of))
    for (name, (file, options)), said in zip(asked.items(), _said(workspace, list(asked.values())), strict=True):
        try:
            out.append(_one(name, profiles[name], file, options, said))
        except Refused as error:
            problems.append(f"[profiles.{name}]: {error}")
    for role in (Role.CAPACITY, Role.RETRIEVAL_CAPACITY):
        searches = [one.plan.name for one in out if one.plan.role is role and not one.plan.aa]
        if len(searches) > 1:
            problems.append(f"{' and '.join(searches)} both search for the {role.value.replace('-', ' ')}: keep one")
    problems += _mistaken(workspace, out)
    if problems:
        raise Refused(
            f"{workspace.root / 'pilot.toml'}: " + "; ".join(problems),
            "a profile is a file in loadprofiles/ and a table in pilot.toml",
        )
    return tuple(out)


def options_of(profile: Profile, of: Profile | None = None) -> tuple[tuple[str, str], ...]:
    """Command-line options that pilot.toml asks for, in a fixed order; an A/A run's own win over those of its profile."""
    if of is not None:
        said = profile.model_fields_set - {"aa_of", "repeats", "start", "role", "file"}
        profile = of.model_copy(update={name: getattr(profile, name) for name in said})
    values = {
        "--rate": profile.rate,
        "--duration": profile.duration_s,
        "--warmup": profile.warmup_s if profile.rate or profile.duration_s or profile.warmup_s else None,
        "--arrivals": profile.arrivals.value if profile.arrivals else None,
        "--cv": profile.cv,
        "--trace": profile.trace,
        "--speed": profile.speed,
        "--noisy": profile.noisy,
        "--variant": profile.variant,
        "--jobs": profile.jobs,
        "--drain": profile.drain_s,
        "--poll": profile.poll_s,
        "--poll-rate": profile.poll_rate,
        "--callback": profile.callback,
        "--p95": profile.p95_s,
    }
    return tuple(
        (name, f"{value:.15g}" if isinstance(value, float) else str(value))
        for name, value in values.items()
        if value is not None
    )


def _mistaken(workspace: Workspace, found: Sequence[Described]) -> list[str]:
    """Workloads of jobs that a profile of requests is to measure, or the other way round: no run of it would count."""
    submits = {one.plan.name: one.plan.role is Role.JOBS for one in found}
    out = []
    for workload in workspace.workloads():
        by = workload.measured_by or ""
        if not workload.declared or by not in submits or submits[by] is (workload.kind is WorkKind.JOB):
            continue
        what, fix = (
            ("submits jobs", 'name a profile that sends it, or kind = "job"')
            if submits[by]
            else ("sends requests", 'name a profile of jobs (file = "jobs"), or kind = "request"')
        )
        out.append(f"[workloads.{workload.name}]: measured_by: {by} {what}, and this is a {workload.kind.value}: {fix}")
    return out


def _said(
    workspace: Workspace, asked: Sequence[tuple[str, tuple[tuple[str, str], ...]]]
) -> Sequence[Mapping[str, Any]]:
    """What a child that has Locust says of each; raises Refused when it says nothing in time."""
    jobs = [[file, *(part for pair in options for part in pair)] for file, options in asked]
    command = [sys.executable, "-P", "-m", "harness.load.describe"]
    timeout_s = DESCRIBE_TIMEOUT_S * max(1, len(jobs))
    try:
        done = subprocess.run(
            command,
            cwd=workspace.root,
            capture_output=True,
            input=json.dumps(jobs),
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        files = ", ".join(file for file, _ in asked)
        raise Refused(f"{files} did not say what they send within {timeout_s} s") from None
    if done.returncode:
        raise PilotError(f"the profiles could not be described: {last_line(done.stderr)}")
    said: list[dict[str, Any]] = json.loads(last_line(done.stdout))
    return said


def _one(
    name: str, profile: Profile, file: str, options: tuple[tuple[str, str], ...], said: Mapping[str, Any]
) -> Described:
    if said["code"]:
        words = last_line(said["err"]) if said["code"] != 2 else said["err"].strip()
        raise Refused(words or f"{file} failed")
    data = json.loads(last_line(said["out"]))
    trace_file = data["load"]["trace_file"]
    load = from_data(data["load"], read_trace(Path(trace_file)) if trace_file else None)
    own = role_of(load.kind, load.asks, jobs=load.drain_s is not None)
    if profile.role not in (None, own) and not (own in PACED and profile.role in PACED):
        can = " or ".join(PACED) if own in PACED else own
        raise Refused(f"role: {file} sends what a profile of role {own.value} does: want {can}, or no role")
    plan = ProfilePlan(
        name=name,
        file=file,
        start=Start(profile.start),
        options=options,
        duration_s=load.whole_s - load.warmup_s,
        warmup_s=load.warmup_s,
        requests=data["requests"],
        repeats=profile.repeats,
        aa=profile.aa_of is not None,
        measured=data["measured"],
        streams=data["streams"],
        role=profile.role or own,
    )
    shapes = read_shapes(Path(data["jobs_file"])) if data["jobs_file"] else ()
    return Described(plan, load, mix_from(data["mix"]), data["deadline_s"], shapes)
