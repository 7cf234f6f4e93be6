"""How a check asks: as a run of the same target would, with a short question of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.domain.job import JobShape
from harness.domain.questions import Message, Question
from harness.domain.target import Target
from harness.workspace import Workspace
from harness.workspace.job_shapes import USUAL as USUAL_JOBS
from harness.workspace.job_shapes import read_shapes

if TYPE_CHECKING:
    from harness.load.ask import Asker

USUAL_JOB = read_shapes(USUAL_JOBS)[0]
TEXT = "What does json.dumps do? One short sentence."


@dataclass(frozen=True)
class AskingTerms:
    """What a plan asks: in which modes, by which deadline, and ``shape``, which fields of a request it fills."""

    whole: bool = True
    streams: bool = True
    deadline_s: float = 30.0
    max_tokens: int | None = None
    shape: Mapping[str, Any] = field(default_factory=dict)
    job: JobShape = USUAL_JOB  # what is submitted where jobs are taken
    planned: bool = True  # False: of an endpoint that nobody has planned anything for


USUAL = AskingTerms()
UNPLANNED = AskingTerms(planned=False)


def terms_of(workspace: Workspace) -> AskingTerms:
    """As the workspace's load and mix have it."""
    mix = workspace.mix()
    shape: dict[str, Any] = {"session": 1} if mix.turns > 1 else {}
    if mix.passages:
        shape["top_k"] = max(k for k, _ in mix.passages)
    return AskingTerms(
        whole=mix.stream_share < 1,
        streams=mix.stream_share > 0,
        deadline_s=workspace.config.load.deadline_s,
        max_tokens=workspace.config.load.max_tokens,
        shape=shape,
        job=_job_of(workspace),
    )


def _job_of(workspace: Workspace) -> JobShape:
    """The first of the jobs file that a profile names; raises BadFile."""
    named = [profile.jobs for profile in workspace.config.profiles.values() if profile.jobs]
    return read_shapes(workspace.root / named[0])[0] if named else USUAL_JOB


def asker_of(target: Target, url: str, terms: AskingTerms = USUAL) -> Asker:
    """A client of a run's own, to be used as a context manager; raises PilotError without its credentials."""
    # gevent is imported where something is asked, not where evidence is read
    from harness.load.ask import Asker  # noqa: PLC0415
    from harness.load.signing import check_credentials  # noqa: PLC0415
    from harness.load.spec import single  # noqa: PLC0415

    spec = single(target, url, terms.deadline_s, terms.max_tokens)
    check_credentials(spec)
    question = Question("check", (Message("user", TEXT),))
    if terms.max_tokens is not None:
        question = Question("check", question.messages, max_tokens=min(question.max_tokens, terms.max_tokens))
    return Asker(spec, question)
