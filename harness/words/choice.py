"""Sentences for why the rule or a sweep chose as it did."""

from __future__ import annotations

from harness.domain.experiments.step import Why
from harness.domain.reasons import choice as kinds
from harness.domain.verdict import MEASURED
from harness.words.numbers import percent
from harness.words.speech import Book, said

SAID = {"index_digest": "index", "prompt_version": "prompt"}  # of /v1/meta; the others read as they are
BROKE = {Why.FAILURES.value: "too many failures"}  # the others read as they are written down


def _other_work(r: kinds.OtherWork) -> str:
    words = ", ".join(f"{SAID.get(name, name)} ({_brief(a)} and {_brief(b)})" for name, a, b in r.differ)
    return f"The two did not do the same work; they differ in {words}."


def _brief(text: str) -> str:
    """A digest by its beginning."""
    return text if len(text) <= 24 else f"{text[:18]}…"


def _harness_biased(r: kinds.HarnessBiased) -> str:
    found = ", ".join(f"{MEASURED[metric]} {relation} (ratio {ratio:.2f})" for metric, relation, ratio in r.found)
    return f"The A/A run found {r.target} different from itself: {found}. The harness or its machine is biased."


def _tie(r: kinds.TieBroken | kinds.OneIsEnough | kinds.TieStands) -> str:
    who = f" of {', '.join(r.tied[:-1])} and {r.tied[-1]}" if len(r.tied) > 1 else ""
    found = f"a lead of {r.lead:.2f} points of 5, first in {percent(r.share)} of random weightings"
    return f"The scores{who} {'tie' if len(r.tied) > 1 else 'are not firm'} ({found})"


def _none_keeps(r: kinds.NoneKeeps) -> str:
    broken = "; ".join(f"{name} under {profile}" for name, profile in r.broken)
    return f"no setting keeps every promise; {r.best} comes closest and breaks {broken}"


def _modelled(r: kinds.Modelled) -> str:
    some = f", from {r.blocks} of {r.measured} blocks" if r.blocks < r.measured else ""
    words = f"MODELLED: a simulated month of what was measured, at list prices{some}"
    if r.needed is None:
        return words
    return f"{words}, priced at {r.needed} {r.unit} for the expected peak ({r.declared:g} were measured)"


WORDS: Book = {
    kinds.OtherWork: _other_work,
    kinds.OtherPassages: lambda r: (
        f"The two did not do the same work; only {percent(r.overlap)} of the passages that either cited were cited by both."
    ),
    kinds.HarnessBiased: _harness_biased,
    kinds.NothingValid: "No block was measured completely and validly.",
    kinds.TogetherKeepAll: "Each target fails a gate that the other passes; together they pass every one.",
    kinds.TogetherFailNone: (
        "Each target fails a gate that the other does not; together they fail none, but not every pass is shown."
    ),
    kinds.BothFailGates: "Both targets fail a gate.",
    kinds.OnlyHybridStands: "Each target fails a gate; the hybrid that was measured fails none.",
    kinds.StandsByItself: "It fails no gate by itself, and the hybrid that was measured does not score clearly higher.",
    kinds.OnlyOneStands: "Of the two runtimes, only this one breaks no promise.",
    kinds.ScoresPrefer: lambda r: (
        f"It scores highest in {percent(r.share)} of random weightings around the sealed weights."
    ),
    kinds.ScoresLean: lambda r: (
        f"The scores lean to it: first in {percent(r.share)} of random weightings; {percent(r.firm)} would be firm."
    ),
    kinds.TieBroken: lambda r: f"{_tie(r)}, so cost and latency decide. {said(r.by)}",
    kinds.OneIsEnough: lambda r: f"{_tie(r)}, and one runtime is less to operate than two.",
    kinds.TieStands: lambda r: f"{_tie(r)}. {said(r.by)}",
    kinds.CheaperNotSlower: "It is cheaper and not shown to be slower.",
    kinds.FasterSameCost: "It is faster, and no difference in cost is shown.",
    kinds.CostAgainstLatency: "Cost and latency favour different targets.",
    kinds.NothingTellsApart: "No difference in cost or latency is shown.",
    kinds.NotJudged: "none of its promises was judged",
    kinds.NotCompared: "nothing was compared",
    kinds.NoRoundValid: "no round is valid yet",
    kinds.NoneKeeps: _none_keeps,
    kinds.NoneShownToKeep: "no setting is shown to keep every promise; {best} is not shown to break any",
    kinds.FirstKept: "the first in the file that keeps every promise; there are no prices to choose by",
    kinds.CostUntold: "the cost of {setting} is unknown: {why}",
    kinds.CheapestKept: "the cheapest that keeps every promise",
    kinds.FastestNear: "the fastest that keeps every promise and costs at most {margin:g} times the cheapest",
    kinds.JudgedByTeam: "judged by the team",
    kinds.MeasuredSizes: "measured: memory held and size deployed, of what is allowed",
    kinds.MeasuredScore: "measured",
    kinds.BetterOfBoth: "the better of both for each profile",
    kinds.PeaksToBetter: "peaks go to the one that handles them",
    kinds.Modelled: _modelled,
    kinds.TakesAll: "refuses nothing",
    kinds.RefusesAtOnce: "refuses at once",
    kinds.Queues: "queues",
    kinds.QueuesThenRefuses: "queues, then refuses once the queue is full",
    kinds.GatesDecide: "the gates decide",
    kinds.AllTold: "every promise and primary comparison is decided",
    kinds.ScoresFirm: "every promise is kept and the scores are firm",
    kinds.StepBroke: lambda r: BROKE.get(r.by, r.by),
}
