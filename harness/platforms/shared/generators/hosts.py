"""``kind = "hosts"``: machines of one's own, each reached by a command, as ssh.

Verified: live 2026-11-27, hosts in network namespaces. The command's first line of input holds the address and the
secret; the line stays open for as long as the campaign runs, and what stands by ends with it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from harness.domain.lines import lines_of
from harness.errors import PilotError
from harness.platforms.generator import Call, FleetConfig, GeneratorKind
from harness.tables.value import value
from harness.tables.values import Name, names_a_program

END_S = 15.0
Command = Annotated[tuple[str, ...], Field(min_length=1, max_length=100), AfterValidator(names_a_program)]


@value
class HostsConfig(FleetConfig):
    """By name, the command that runs ``python -m harness.launch.standby`` in the workspace of that host."""

    kind: ClassVar[str] = "hosts"

    hosts: dict[Name, Command] = Field(min_length=1, max_length=100, kw_only=True)


class Hosts:
    """A process here for each of them: it ends when its input does."""

    def __init__(self, config: HostsConfig, call: Call) -> None:
        self.members: Sequence[str] = tuple(config.hosts)
        self._commands, self._call = config.hosts, call
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, member: str) -> None:
        self._end([member])
        line = {"to": self._call.to, "secret": self._call.secret.decode(), "member": member}
        try:
            with self._log(member).open("wb") as out:
                process = subprocess.Popen(
                    self._commands[member],
                    cwd=self._call.root,
                    stdin=subprocess.PIPE,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for the campaign, which lets each run close its ledger
                )
        except OSError as error:
            raise PilotError(
                f"generator.hosts.{member}: {self._commands[member][0]}: {error.strerror}", "fix the command"
            ) from None
        self._processes[member] = process
        assert process.stdin is not None
        with suppress(OSError):  # one that ended at once says why in its words
            process.stdin.write(json.dumps(line).encode() + b"\n")
            process.stdin.flush()

    def ended(self, member: str) -> str | None:
        process = self._processes.get(member)
        if process is None:
            return "not started"
        code = process.poll()
        if code is None:
            return None
        said = lines_of(self._log(member).read_text(encoding="utf-8", errors="replace").strip())[-3:]
        return f"its command ended with {code}: {' '.join(said) or 'without a word'}"

    def stop(self) -> None:
        self._end(list(self._processes))

    def _end(self, members: Sequence[str]) -> None:
        """Their input ends, then they do; what does not is killed, here and by that on its host, whose input ends too."""
        processes = [self._processes.pop(m) for m in members if m in self._processes]
        for process in processes:
            assert process.stdin is not None
            with suppress(OSError):
                process.stdin.close()
        for process in processes:
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _log(self, member: str) -> Path:
        return self._call.words / f"standby-{member}.log"


def _runs(table: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    hosts = table.get("hosts")
    return [list(map(str, c)) for c in hosts.values() if isinstance(c, list)] if isinstance(hosts, dict) else []


KIND = GeneratorKind(HostsConfig.kind, HostsConfig, Hosts, "live 2026-11-27, network namespaces", runs=_runs)
