"""``pilot init``: a workspace of one's own, by flags or by questions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from harness import scaffold
from harness.cli.asking import ask
from harness.cli.output import folder_for, pages
from harness.errors import BadFile, PilotError, Problem
from harness.scaffold import Answers, Side, workloads
from harness.tables.problems import read_toml
from harness.workspace import open_workspace, presets, trust, wants
from harness.workspace.target_toml import target_of


def _known(api: str) -> str:
    if api not in presets.apis():
        raise typer.BadParameter(f"unknown API {api!r}: choose one of {', '.join(presets.apis())}")
    return api


API = typer.Option(
    metavar="API",
    help="API of an external target: " + ", ".join(presets.apis()) + ".",
    callback=_known,
    autocompletion=presets.apis,
)

DRAFT = typer.Option(metavar="FILE", help="A target.toml that pilot check --draft wrote.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the workspace; created if missing.")],
    baseline: Annotated[str | None, typer.Option(help="Kind of the baseline, or external.")] = None,
    candidate: Annotated[str | None, typer.Option(help="Kind of the candidate, or external.")] = None,
    baseline_url: Annotated[str | None, typer.Option(metavar="URL", help="URL where the baseline runs.")] = None,
    candidate_url: Annotated[str | None, typer.Option(metavar="URL", help="URL where the candidate runs.")] = None,
    baseline_name: Annotated[str | None, typer.Option(metavar="NAME", help="Its folder under targets/.")] = None,
    candidate_name: Annotated[str | None, typer.Option(metavar="NAME", help="Its folder under targets/.")] = None,
    baseline_dialect: Annotated[str, API] = Side.dialect,
    candidate_dialect: Annotated[str, API] = Side.dialect,
    baseline_model: Annotated[str | None, typer.Option(help="Model to request.")] = None,
    candidate_model: Annotated[str | None, typer.Option(help="Model to request.")] = None,
    baseline_draft: Annotated[Path | None, DRAFT] = None,
    candidate_draft: Annotated[Path | None, DRAFT] = None,
    question: Annotated[str, typer.Option(help="The question to decide, printed on page one.")] = Answers.question,
    p95: Annotated[float, typer.Option(metavar="SECONDS", help="Promised p95 response time.")] = Answers.p95_s,
    ttft: Annotated[float, typer.Option(metavar="SECONDS", help="Promised p95 time to first token; 0 for none.")] = 2.0,
    error_rate: Annotated[float, typer.Option(help="Promised maximum share of failures.")] = Answers.error_rate,
    monthly_usd: Annotated[float | None, typer.Option(help="Monthly cost limit of the runtime.")] = None,
    requests_per_month: Annotated[int, typer.Option(help="Expected requests per month.")] = Answers.requests_per_month,
    peak: Annotated[float, typer.Option(help="Expected peak, requests per second.")] = Answers.peak_per_s,
    budget: Annotated[float, typer.Option(metavar="USD", help="Budget of the pilot itself.")] = Answers.budget_usd,
    stream_share: Annotated[float, typer.Option(help="Share of requests that ask for a stream.")] = 1.0,
    workload: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,FIELD=VALUE…",
            help="What the product does besides, as ingestion,per_month=40000,duration_s=90,done_within_s=900; may be repeated.",
        ),
    ] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="A first comparison in about ten minutes.")] = False,
    list_kinds: Annotated[bool, typer.Option("--kinds", help="List the kinds of target and exit.")] = False,
) -> None:
    """Write pilot.toml, loadprofiles/, targets/ and reports/; at a terminal, asks for what no flag sets."""
    known = scaffold.kinds()
    if list_kinds:
        for name, title in known.items():
            print(f"{name:<24} {title}")
        return
    folder_for("", folder)
    nobody_said = baseline is None and candidate is None and not (baseline_url or candidate_url)
    drafts = _draft(baseline_draft), _draft(candidate_draft)
    baseline_url, candidate_url = baseline_url or drafts[0].url, candidate_url or drafts[1].url
    nobody_said = nobody_said and not (baseline_url or candidate_url)
    first = Side(
        _kind(baseline, baseline_url, "local_container"),
        baseline_url,
        baseline_dialect,
        baseline_model,
        baseline_name,
        drafts[0].text,
    )
    second = Side(
        _kind(candidate, candidate_url, "local_function"),
        candidate_url,
        candidate_dialect,
        candidate_model,
        candidate_name,
        drafts[1].text,
    )
    answers = Answers(
        first,
        second,
        question=question,
        p95_s=p95,
        ttft_p95_s=ttft or None,
        error_rate=error_rate,
        monthly_runtime_usd=monthly_usd,
        requests_per_month=requests_per_month,
        peak_per_s=peak,
        budget_usd=budget,
        stream_share=stream_share,
        quick=quick,
        workloads=workloads.read(workload or ()),
    )
    if nobody_said and sys.stdin.isatty():
        answers = ask(answers, known)
    made = scaffold.write(folder, answers)
    _trust(folder)
    print(f"{len(made)} files in {folder}")
    for path in made:
        if path.name in ("pilot.toml", "target.toml", "questions.jsonl"):
            print(f"  {path}")
    print(f"docs: {pages() / 'tutorial.md'}")
    print(f"next: cd {folder} && pilot check")


def _trust(folder: Path) -> None:
    """It was made here, of what its owner said."""
    workspace = open_workspace(folder.resolve())
    try:
        if wanted := wants.everything(workspace):
            trust.add(workspace.root, wanted)
    except PilotError as error:
        print(f"warning: {error}: pilot check will ask whether you trust {folder}", file=sys.stderr)


def _kind(said: str | None, url: str | None, otherwise: str) -> str:
    return said or (scaffold.EXTERNAL if url else otherwise)


class Drafted(NamedTuple):
    """A target.toml that somebody drafted, and where it says that its target is."""

    text: str | None = None
    url: str | None = None


def _draft(file: Path | None) -> Drafted:
    """Raises BadFile with every problem of the file, before anything is written."""
    if file is None:
        return Drafted()
    tables = read_toml(file)
    url = tables.get("base_url")
    if not isinstance(url, str):
        raise BadFile(file, [Problem("base_url", "is missing: a drafted target needs its URL")])
    target_of(tables, str(file))
    return Drafted(file.read_text(encoding="utf-8-sig"), url)
