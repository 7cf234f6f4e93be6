"""Which launcher the campaign's [generator] asks for: this process alone, several of this machine, or a fleet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from harness.domain.target import Target
from harness.errors import Refused
from harness.launch.launcher import Launched, Launcher
from harness.launch.led import Led
from harness.platforms import registry
from harness.platforms.generator import LocalConfig
from harness.workspace import Workspace

WORDS = "nursery.err"


class Several(Launcher):
    """Each run in several processes of this machine, as ``--processes N`` by hand."""

    def __init__(self, folder: Path, words: Path, processes: int) -> None:
        super().__init__(folder, words)
        self._processes = processes

    def begin(self, argv: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path | None = None) -> Launched:
        return super().begin([*argv, "--processes", str(self._processes)], env, log, cwd)


def can_be_reached(workspace: Workspace, targets: Iterable[Target]) -> None:
    """Raises Refused where an embedded target would be asked from machines that can't reach it."""
    asked = workspace.generator
    embedded = [target.name for target in targets if target.embedded]
    if embedded and not isinstance(asked, LocalConfig):
        raise Refused(
            f"{', '.join(embedded)}: embedded targets answer on this machine only, and generator.kind is {asked.kind}",
            'generator.kind = "local", or targets that the generators can reach',
        )


def launcher_of(workspace: Workspace, say: Callable[[str], None]) -> Launcher:
    """Not begun yet; entering it brings up nothing but the line that members call."""
    asked, words = workspace.generator, workspace.state / WORDS
    if isinstance(asked, LocalConfig):
        return (
            Several(workspace.root, words, asked.processes) if asked.processes > 1 else Launcher(workspace.root, words)
        )
    kind = registry.generators()[asked.kind]
    return Led(workspace.root, words, asked, lambda call: kind.fleet(asked, call), say)
