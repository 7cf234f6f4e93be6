"""The questions of ``pilot init``: the pair, the promises, the traffic; Enter accepts the default in brackets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import typer

from harness.domain.address import problem_of, without_secrets
from harness.domain.target import Dialect
from harness.domain.workload import WorkKind
from harness.errors import BadFile
from harness.scaffold import Answers, Side
from harness.scaffold.answers import EXTERNAL
from harness.scaffold.workloads import CHAT, SEEDS, Seed, Tables, made
from harness.workspace import presets
from harness.workspace.workloads_toml import WorkloadTable

T = TypeVar("T")


def ask(said: Answers, known: Mapping[str, str]) -> Answers:
    """Flags set the defaults in brackets."""
    print("Which two targets should be compared?")
    for name, title in known.items():
        print(f"  {name:<24} {title}")
    baseline, candidate = _side("baseline", said.baseline, known), _side("candidate", said.candidate, known)
    print("What must each of them promise, and how much traffic do you expect?")
    promised = replace(
        said,
        baseline=baseline,
        candidate=candidate,
        p95_s=_number("p95 response time, seconds", said.p95_s, _above_zero),
        ttft_p95_s=_number("p95 time to the first token, seconds (0: none)", said.ttft_p95_s or 0.0, _not_below)
        or None,
        error_rate=_number("share of failures", said.error_rate, _share),
        monthly_runtime_usd=_number("monthly cost limit of the runtime, USD (0: none)", 0.0, _not_below) or None
        if said.monthly_runtime_usd is None
        else said.monthly_runtime_usd,
        requests_per_month=int(_number("requests per month", said.requests_per_month, _above_zero)),
        peak_per_s=_number("requests per second at the peak", said.peak_per_s, _above_zero),
        workloads=_workloads(said.workloads),
    )
    return (
        promised
        if said.quick
        else replace(promised, quick=typer.confirm("a quick first comparison, about ten minutes?", default=False))
    )


def _side(role: str, said: Side, known: Mapping[str, str]) -> Side:
    kind = typer.prompt(role, default=said.kind, value_proc=_one_of(known, "kind"))
    if kind != EXTERNAL:
        return replace(said, kind=kind)
    url = typer.prompt(f"  URL of the {role}", default=said.url, value_proc=_url)
    dialects = dict.fromkeys(presets.apis(), "")
    dialect = typer.prompt(
        f"  its dialect ({', '.join(dialects)})", default=said.dialect, value_proc=_one_of(dialects, "dialect")
    )
    model = None
    if dialect == Dialect.OPENAI_CHAT or presets.needs_model(dialect):
        model = (
            typer.prompt("  the model to request (empty: none)", default=said.model or "", show_default=False) or None
        )
    return replace(said, kind=kind, url=url, dialect=dialect, model=model)


def _workloads(said: Tables) -> Tables:
    """Every kind that no option declared already; what is not known stays out of the file."""
    print(
        "What else does the product do? Each workload is placed separately. Enter 0 where a figure is unknown or not promised."
    )
    found = dict(said)
    for seed in SEEDS:
        if seed.name != CHAT and seed.name not in found and typer.confirm(f"{seed.name}: {seed.words}?", default=False):
            found[seed.name] = _workload(seed)
    return found


def _workload(seed: Seed) -> WorkloadTable:
    """Asked again where its figures do not fit together."""
    while True:
        waits = typer.confirm("  does a person wait for it?", default=seed.waited_for)
        job = seed.kind is WorkKind.JOB
        promise = "done_within_s" if job else "response_p95_s"
        what = "p95 until it is done" if job else "p95 response time"
        figures = {
            "per_month": _number("  how many a month", 0.0, _not_below),
            "duration_s": _number("  seconds each takes", 0.0, _not_below),
            "memory_mb": _number("  MB of memory each needs", 0.0, _not_below),
        }
        slo = {
            promise: _number(f"  promised {what}, seconds", 0.0, _not_below),
            "usd_per_thousand": _number("  cost limit per thousand, USD", 0.0, _not_below),
        }
        limits: dict[str, float] = {name: value for name, value in slo.items() if value}
        if job and typer.confirm("  must none be lost?", default=True):
            limits["lost"] = 0
        known = {name: value for name, value in figures.items() if value}
        try:
            return made(seed.name, {"waited_for": waits, **known, "slo": limits})
        except BadFile as bad:
            print("\n".join(f"  {p.field} {p.message}" for p in bad.problems))


def _number(words: str, default: float, fits: Callable[[float], str | None]) -> float:
    def read(text: str) -> float:
        try:
            value = float(str(text).replace("_", "").replace(",", ""))
        except ValueError:
            raise typer.BadParameter(f"want a number, not {text!r}") from None
        if not math.isfinite(value) or abs(value) > 1e12:
            raise typer.BadParameter(f"want a smaller number, not {text[:40]}")
        if problem := fits(value):
            raise typer.BadParameter(f"want {problem}, not {text}")
        return value

    return float(typer.prompt(words, default=f"{default:.10g}", value_proc=read))


def _above_zero(value: float) -> str | None:
    return None if value > 0 else "a number above 0"


def _not_below(value: float) -> str | None:
    return None if value >= 0 else "0 or more"


def _share(value: float) -> str | None:
    return None if 0 <= value <= 1 else "a share, such as 0.01 for 1 %"


def _one_of(known: Mapping[str, str], what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise typer.BadParameter(f"unknown {what} {text!r}: choose one of {', '.join(known)}")
        return text

    return read


def _url(text: str) -> str:
    if problem := problem_of(text):
        raise typer.BadParameter(f"{without_secrets(text)}: {problem}")
    return text
