"""``pilot check``: hold targets to the contract before any load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from harness import pipeline
from harness.campaign.contract_check import Answer, Check
from harness.campaign.endpoint import EVIDENCE, Endpoint
from harness.cli import drafts
from harness.cli.output import emit
from harness.cli.told import HowAsked
from harness.errors import Exit, Refused
from harness.workspace import find

Text = str | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGET or URL]…", help="Default: the pilot's.")
    ] = None,
    trace: Annotated[
        Text,
        typer.Option(metavar="TARGET", help="Follow one request through its log, traces and metrics instead."),
    ] = None,
    wait: Annotated[float, typer.Option(metavar="SECONDS", help="With --trace: how long to look.")] = 30.0,
    path: Annotated[Text, typer.Option(metavar="PATH", help="Of a URL: where its own API is asked, as /ask.")] = None,
    body: Annotated[
        Text,
        typer.Option(metavar="JSON", help="With --path: what is posted, or @FILE; {prompt} stands for the question."),
    ] = None,
    stream_path: Annotated[
        Text, typer.Option(metavar="PATH", help="With --path: where streams are asked for, if elsewhere.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Of a URL: one more header; a secret as NAME='${VARIABLE}'."),
    ] = None,
    model: Annotated[Text, typer.Option(metavar="NAME", help="Of a URL: the model that requests name.")] = None,
    dialect: Annotated[Text, typer.Option(metavar="NAME", help="Of a URL: the API that it speaks, unasked.")] = None,
    auth: Annotated[
        Text,
        typer.Option(metavar="KIND…", help="Of a URL: [auth] of target.toml, as 'aws-sigv4 region=eu-west-1'."),
    ] = None,
    api: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="With --dialect: a value that it needs, as assistant=agent."),
    ] = None,
    draft: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Of a URL: write the target.toml that was drafted there; of several: a folder."
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
) -> None:
    """Check contract, same work, quotas, timeouts and fairness; 5 for what would make the comparison wrong, 6 when it can't be told."""
    names = targets or []
    how = HowAsked(path, body, stream_path, header or (), model, dialect, auth, api or ())
    verified: dict[str, str] = {}
    seen: list[Endpoint] = []
    files: dict[str, Path] = {}
    if trace is not None:
        results = {trace: pipeline.trace(find(), trace, wait)}
    elif names and all(urlsplit(name).scheme for name in names):
        files = drafts.places(draft, names)
        seen = pipeline.endpoints(names, how.told(), how.asking())
        results = {name: made for one in seen for name, made in one.groups.items()}
    else:
        if how.said or draft:
            raise Refused(
                f"{', '.join([*how.said, *(['--draft'] if draft else [])])}: only of a URL",
                "a declared target says it in its target.toml",
            )
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
    written = drafts.tell(seen, files, names, quiet=as_json)
    if not as_json and (then := drafts.following(seen, written, [*names, *how.words])):
        print(f"next: {then}")
    _end(results)


def _end(results: dict[str, list[Check]]) -> None:
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
