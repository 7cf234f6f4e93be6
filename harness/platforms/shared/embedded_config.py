"""What both embedded platforms have in their table, and how its words are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from harness.domain.target import RuntimeConfig
from harness.tables.value import value
from harness.tables.values import AnswerSeconds, Variable, names_a_program

Command = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(names_a_program)]


@value
class SharedProcess:
    """A process of its own that embedded targets share, such as the model provider."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    command: Command
    env: Variable  # that carries its base URL to the instances


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
        )
