"""What both embedded platforms have in their table, and how its words are filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from harness.domain.target import RuntimeConfig
from harness.tables.value import value
from harness.tables.values import AnswerSeconds, Count, IdleSeconds, Variable, names_a_program

Command = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(names_a_program)]


@value
class SharedProcess:
    """A process of its own that embedded targets share, such as the model provider."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    command: Command
    env: Variable  # that carries its base URL to the instances


@value
class Jobs:
    """Work that is done later: the queue between submission and worker, and the workers' command."""

    command: Command
    visibility_s: IdleSeconds = 60.0  # a received message is out of sight for so long
    most_receives: Count = 3  # then it is a dead letter
    backoff_s: AnswerSeconds = 1.0  # before a failed job is tried again; doubled with each attempt
    most_queued: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000  # waiting at once; beyond it 429
    memory_mb: Annotated[int, Field(ge=64, le=1_000_000)] = 1024  # of one worker; enforced

    def variables(self, folder: Path, secret: str | None) -> dict[str, str]:
        """What front and workers read; ``folder`` is where the queue lies, ``secret`` signs callbacks."""
        return {
            "RAG_JOBS": "sqlite",
            "RAG_JOBS_DIR": str(folder),
            "RAG_JOBS_VISIBILITY_S": f"{self.visibility_s:g}",
            "RAG_JOBS_MOST_RECEIVES": str(self.most_receives),
            "RAG_JOBS_BACKOFF_S": f"{self.backoff_s:g}",
            "RAG_JOBS_MOST_QUEUED": str(self.most_queued),
            **({"RAG_JOBS_SECRET": secret} if secret else {}),
        }

    def filled(self, words: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Jobs:
        """Its commands as ``words`` makes them."""
        return replace(self, command=words(self.command))


@value
class Embedded(RuntimeConfig):
    """Processes of this machine, started by ``pilot up``."""

    embedded: ClassVar[bool] = True
    own_sources: ClassVar[tuple[str, ...]] = ("local-logs",)

    command: Command
    environment: Mapping[Variable, str] = Field(default_factory=dict)
    needs: Annotated[tuple[SharedProcess, ...], Field(max_length=20)] = ()
    timeout_s: AnswerSeconds = 30.0
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    jobs: Jobs | None = None

    def filled(self, fill: Mapping[str, str]) -> RuntimeConfig:
        """Commands and variables with ``{python}``, ``{corpus}``, ``{workspace}`` and ``{folder}`` replaced."""

        def text(said: str) -> str:
            for name, known in fill.items():
                said = said.replace("{" + name + "}", known)
            return said

        def words(command: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(text(part) for part in command)

        return replace(
            self,
            command=words(self.command),
            environment={name: text(said) for name, said in self.environment.items()},
            needs=tuple(replace(need, command=words(need.command)) for need in self.needs),
            jobs=self.jobs and self.jobs.filled(words),
        )
