"""``pilot check``: hold targets to the contract before any load."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import Annotated
from urllib.parse import urlsplit

import typer

from harness import pipeline
from harness.campaign.contract_check import Answer, Check
from harness.campaign.endpoint import EVIDENCE, Endpoint
from harness.cli.output import emit
from harness.domain.target import Dialect
from harness.errors import Exit
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGET or URL]…", help="Default: the pilot's.")
    ] = None,
    trace: Annotated[
        str | None,
        typer.Option(metavar="TARGET", help="Follow one request through its log, traces and metrics instead."),
    ] = None,
    wait: Annotated[float, typer.Option(metavar="SECONDS", help="With --trace: how long to look.")] = 30.0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
) -> None:
    """Check contract, same work, quotas, timeouts and fairness; 5 for what would make the comparison wrong, 6 when it can't be told."""
    names = targets or []
    verified: dict[str, str] = {}
    following = None
    if trace is not None:
        results = {trace: pipeline.trace(find(), trace, wait)}
    elif names and all(urlsplit(name).scheme for name in names):
        seen = pipeline.endpoints(names)
        results = {name: made for one in seen for name, made in one.groups.items()}
        following = _init(seen)
    else:
        workspace = find()
        results = pipeline.check(workspace, names)
        verified = {n: workspace.target(n).verified for n in results if n in workspace.target_names}
    if as_json:
        emit(results)
    else:
        for name, checks in results.items():
            print(f"{name} (verified: {verified[name]})" if name in verified else name)
            for item in checks:
                _print(item)
        if following:
            print(f"next: {following}")
    gates = [checks for name, checks in results.items() if not name.startswith(EVIDENCE)]
    answers = [item for checks in gates for item in checks]
    if any(item.answer is Answer.FAIL for item in answers):
        raise typer.Exit(int(Exit.GATE))
    if not answers or any(not item.stands for item in answers):  # also where nothing was asked
        raise typer.Exit(int(Exit.CANT_TELL))


def _print(item: Check) -> None:
    print(f"  {item.answer.value:<10} {item.name}{f': {item.detail}' if item.detail else ''}")
    for label, text in (("it said", item.said), ("to do", item.mend)):
        if text:
            print(f"  {'':<10} {label}: {text}")


def _init(seen: Sequence[Endpoint]) -> str | None:
    """The command that makes a workspace of two endpoints; a dialect of their own is described in target.toml.

    None where one of them gave no answer: first it has to be reached.
    """
    if len(seen) != 2 or not all(one.reached for one in seen):
        return None
    words = ["pilot init ours --quick"]
    for role, one in zip(("baseline", "candidate"), seen, strict=True):
        words.append(f"--{role}-url {quote(one.url)}")
        dialect = one.target.dialect if one.target else Dialect.MAPPED
        if dialect is not Dialect.RAG_CHAT:
            words.append(f"--{role}-dialect {dialect.value}")
        if one.target and one.target.model:
            words.append(f"--{role}-model {quote(one.target.model)}")
    return " ".join(words)
