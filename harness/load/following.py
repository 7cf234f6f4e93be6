"""Options of a profile whose arrivals are jobs: which variant, which jobs, how long they are waited for, how they are followed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.domain.address import problem_of
from harness.domain.mix import Mix
from harness.errors import Refused
from harness.load.jobs.pace import wanted_per_s
from harness.load.spec import Following
from harness.workspace.job_shapes import USUAL, read_shapes

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser

    from harness.domain.arrivals import LoadProfile
    from harness.domain.job import JobShape
    from harness.domain.target import Target
    from harness.load.given import Given
    from harness.workspace import Workspace

MIX = Mix(stream_share=0.0, zipf=0.0)  # weights of the jobs file say how often each kind comes
LOOPBACK = "loopback"
ONLY_JOBS = ("variant", "jobs", "drain", "poll", "poll_rate", "callback")


def add_job_options(parser: LocustArgumentParser) -> None:
    """The options of this page."""
    add = parser.add_argument
    add("--variant", metavar="NAME", help="jobs: another schedule of the locustfile, such as backlog or nightly")
    add("--jobs", metavar="FILE", help="jobs: jobs.jsonl, what is submitted (default: ingest, evaluate and webhook)")
    add("--drain", type=float, metavar="SECONDS", help="jobs: how long to wait for them after the last submission")
    add(
        "--poll",
        type=float,
        metavar="SECONDS",
        help="jobs: shortest time between two questions about one job (default 1)",
    )
    add(
        "--poll-rate",
        type=float,
        metavar="PER_S",
        help="jobs: most questions a second, of all jobs together (default: what the planned number of jobs needs)",
    )
    add(
        "--callback",
        metavar="URL",
        help="jobs: 'loopback' to be called back on this machine, or the public address that leads to its port",
    )


def variant_of(user: type, given: Given) -> LoadProfile:
    """The locustfile's schedule, or the variant that is asked for."""
    schedule: LoadProfile = user.schedule  # type: ignore[attr-defined]
    name, variants = given.text("variant"), getattr(user, "variants", {})
    if name is None:
        return schedule
    if name not in variants:
        given.problem(f"--variant: the locustfile has no {name!r}; it has {', '.join(variants) or 'none'}")
        return schedule
    made: LoadProfile = variants[name]
    return made


def draining(load: LoadProfile, given: Given) -> LoadProfile:
    """With the options' wait; what is only of jobs is a problem of any other profile."""
    drain = given.number("drain")
    if load.drain_s is None:
        for name in ONLY_JOBS:
            if given.text(name) is not None and name != "variant":
                given.problem(f"--{name}: this profile submits no jobs")
        return load
    return load if drain is None else load.draining(drain)


def following(load: LoadProfile, target: Target, given: Given) -> Following | None:
    """How jobs are followed; None for a profile of questions. Raises Refused for a target that takes none."""
    if load.drain_s is None:
        return None
    if target.jobs is None:
        raise Refused(f"{target.name} declares no job API", "add [jobs] to its target.toml; see docs/measure-jobs.md")
    callback = given.text("callback")
    if callback is not None:
        if target.jobs.callback is None:
            given.problem(f"--callback: {target.name} declares no callbacks; add [jobs.callback] to its target.toml")
        elif callback != LOOPBACK and (wrong := _wrong(callback)):
            given.problem(f"--callback: {wrong}")
    poll = given.number("poll")
    made = Following(target.jobs, callback=callback)
    return made if poll is None else replace(made, poll_s=poll)


def paced(how: Following | None, load: LoadProfile, planned: int, given: Given, most_rate: float) -> Following | None:
    """With the rate of questions that was asked for, else what so many jobs need; raises Refused above the workspace's limit."""
    if how is None:
        return None
    asked = given.number("poll_rate")
    if asked is not None and asked > most_rate:
        raise Refused(
            f"--poll-rate: {asked:g} questions a second; limits.max_rate of pilot.toml is {most_rate:g}",
            "lower it (poll_rate of the profile), or raise the limit if the target may be asked for more",
        )
    return replace(how, most_polls_per_s=asked or wanted_per_s(planned, load.drain_s or 0.0, most_rate))


def _wrong(url: str) -> str | None:
    """Why this is not an address that leads here; its port is the one that this machine listens on."""
    if problem := problem_of(url):
        return problem
    return (
        None if urlsplit(url).port else f"{url}: want its port too, the one that it leads to on this machine's loopback"
    )


def shapes_of(given: Given, workspace: Workspace | None) -> tuple[Path, tuple[JobShape, ...]]:
    """The jobs file as typed from here, or as pilot.toml names it from the workspace; else what rag-jobs/1 takes."""
    text = given.text("jobs")
    if text is None:
        return USUAL, read_shapes(USUAL)
    path = Path(text)
    if not path.is_absolute() and workspace is not None and not path.exists():
        path = workspace.root / path
    return path.resolve(), read_shapes(path)
