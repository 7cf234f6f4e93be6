"""``pilot check``: hold targets to the contract before any load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import join, quote
from typing import Annotated

import typer

from harness import pipeline
from harness.check.endpoint import Endpoint
from harness.cli.checks import end, print_checks
from harness.cli.numbers import within
from harness.cli.output import emit, folder_for
from harness.cli.told import HowAsked
from harness.domain.address import is_url
from harness.domain.bounds import Range
from harness.domain.target import Dialect
from harness.errors import Refused
from harness.evidence.files import write_text
from harness.workspace import find, trust

Text = str | None
WAIT_S = Range(0, 3_600)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGET or URL]…", help="Default: the targets of pilot.toml.")
    ] = None,
    trace: Annotated[
        Text,
        typer.Option(metavar="TARGET", help="Instead, follow one request through its log, traces and metrics."),
    ] = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", callback=within(WAIT_S), help="With --trace: how long to look.")
    ] = 30.0,
    path: Annotated[
        Text, typer.Option(metavar="PATH", help="With a URL: the path of its own API, such as /ask.")
    ] = None,
    body: Annotated[
        Text,
        typer.Option(metavar="JSON", help="With --path: the body to post, or @FILE; {prompt} is the question."),
    ] = None,
    stream_path: Annotated[
        Text, typer.Option(metavar="PATH", help="With --path: the path for streams, if different.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="With a URL: one more header; a secret as NAME='${VARIABLE}'."),
    ] = None,
    model: Annotated[Text, typer.Option(metavar="NAME", help="With a URL: the model to request.")] = None,
    dialect: Annotated[
        Text, typer.Option(metavar="NAME", help="With a URL: the API that it speaks; nothing else is tried.")
    ] = None,
    auth: Annotated[
        Text,
        typer.Option(metavar="KIND…", help="With a URL: [auth] of target.toml, such as 'aws-sigv4 region=eu-west-1'."),
    ] = None,
    api: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="With --dialect: a value that it needs, such as assistant=agent."),
    ] = None,
    draft: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With a URL: write the drafted target.toml here; a folder for several URLs."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
) -> None:
    """Check contract, same work, quotas, timeouts and fairness; exit 5 when the comparison would be wrong, 6 when that can't be told."""
    names = targets or []
    how = HowAsked(path, body, stream_path, header or (), model, dialect, auth, api or ())
    verified: dict[str, str] = {}
    seen: list[Endpoint] = []
    if trace is not None:
        if others := [*names, *how.said, *(["--draft"] if draft else [])]:
            raise Refused(
                f"--trace {trace} follows one request; it cannot be combined with {', '.join(others)}",
                "give one or the other",
            )
        workspace = find()
        trust.for_work(workspace, [trace])
        results = {trace: pipeline.trace(workspace, trace, wait)}
    elif names and all(is_url(name) for name in names):
        _refuse_overwriting(draft, names)
        seen = pipeline.endpoints(names, how.told(), how.asking())
        results = {name: made for one in seen for name, made in one.groups.items()}
    else:
        if how.said or draft:
            options = [*how.said, "--draft"] if draft else how.said
            raise Refused(f"{', '.join(options)}: only for a URL", "for a declared target, set it in its target.toml")
        workspace = find()
        whole = not any(map(is_url, names))
        chosen = [name for name in names if not is_url(name)] or (trust.measured(workspace) if whole else ())
        trust.for_work(workspace, chosen, profiles=whole)
        results = pipeline.check(workspace, names)
        verified = {n: workspace.target(n).verified for n in results if n in workspace.target_names}
    if as_json:
        emit(results)
    else:
        for name, checks in results.items():
            print(f"{name} (verified: {verified[name]})" if name in verified else name)
            print_checks(checks)
    files = _drafts(seen, draft)
    if not as_json:
        _tell_drafts(seen, files)
        if following := _next(seen, files, [*names, *how.words]):
            print(f"next: {following}")
    end(results)


def _refuse_overwriting(draft: Path | None, names: Sequence[str]) -> None:
    """One file for one URL, a folder of them for more, where that can be written."""
    if draft is not None and len(names) > 1:
        folder_for("--draft", draft)
    if draft is not None and (draft.is_file() or (len(names) == 1 and draft.exists())):
        raise Refused(
            f"--draft {draft} already exists", "name a new file, and copy what you have confirmed from the old one"
        )
    if draft is not None and len(names) == 1:
        folder_for("--draft", draft.parent)


def _drafts(seen: Sequence[Endpoint], draft: Path | None) -> dict[str, Path]:
    """Where each drafted target.toml was written, by its URL."""
    if draft is None:
        return {}
    drafted = [one for one in seen if one.draft is not None]
    files = {one.url: draft if len(seen) == 1 else draft / f"{_host(one.url)}.toml" for one in drafted}
    for one in drafted:
        files[one.url].parent.mkdir(parents=True, exist_ok=True)
        write_text(files[one.url], one.draft or "")
    return files


def _host(url: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in url.partition("://")[2]).strip("_")


def _tell_drafts(seen: Sequence[Endpoint], files: Mapping[str, Path]) -> None:
    for one in seen:
        if one.draft is not None:
            print(f"\n{one.draft}" + (f"\nwritten to {files[one.url]}" if one.url in files else ""))


def _next(seen: Sequence[Endpoint], files: Mapping[str, Path], typed: Sequence[str]) -> str | None:
    """The command that makes a workspace of two endpoints, or first writes down what was drafted; ``typed`` made this one.

    None where one of them gave no answer or cannot be piloted: that has to be fixed first.
    """
    if len(seen) != 2 or not all(one.target for one in seen):
        return None
    if any(one.draft is not None and one.url not in files for one in seen):
        return f"pilot check {join(typed)} --draft drafts"
    words = ["pilot init ours --quick"]
    for role, one in zip(("baseline", "candidate"), seen, strict=True):
        words += [f"--{role}-draft {quote(str(files[one.url]))}"] if one.url in files else _described(role, one)
    shares = {one.stream_share for one in seen} - {None}
    if len(shares) == 1:
        words.append(f"--stream-share {shares.pop()}")
    return " ".join(words)


def _described(role: str, one: Endpoint) -> list[str]:
    assert one.target is not None
    words = [f"--{role}-url {quote(one.url)}"]
    if (api := one.target.preset or one.target.dialect.value) != Dialect.RAG_CHAT:
        words.append(f"--{role}-dialect {api}")
    if one.target.model:
        words.append(f"--{role}-model {quote(one.target.model)}")
    return words
