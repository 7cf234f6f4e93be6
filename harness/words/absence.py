"""Sentences for what could not be had."""

from __future__ import annotations

from harness.domain.reasons import absence as kinds
from harness.words.numbers import count, counted, span, verb
from harness.words.speech import Book


def _two_windows(r: kinds.TwoWindows) -> str:
    first, second = (
        f"{span(low, high, lambda v: f'{v:.3g}')} s for {share * 100:.0f} %" for low, high, share in r.windows
    )
    return f"two windows: {first}, {second}"


def _hourly_window(r: kinds.HourlyWindow) -> str:
    parts = ", ".join(f"{middle_s:.3g} s at {hours}" for middle_s, hours in r.parts)
    return f"it varies by hour of day (UTC): {parts}"


def _steps_disagree(r: kinds.StepsDisagree) -> str:
    kept = (
        "no rate met the SLOs"
        if r.kept_per_s is None
        else f"the highest rate that met the SLOs was {r.kept_per_s:.3g}/s"
    )
    return f"no result after {counted(r.steps, 'step')}: {kept}, and the steps do not agree on a limit"


def _searches_differ(r: kinds.SearchesDiffer) -> str:
    parts = [
        f"{count} {words}"
        for count, words in (
            (r.limits, "found a limit"),
            (r.tops, "found none up to the highest allowed rate"),
            (r.none_kept, "found no rate that met the SLOs"),
        )
        if count
    ]
    return f"of {r.searches} searches, {', '.join(parts) or 'none ended with a result'}"


WORDS: Book = {
    kinds.NoRequests: "no valid request was measured",
    kinds.NoneSucceeded: lambda r: (
        f"none of {count(r.n)} requests succeeded" if r.n != 1 else "the one request did not succeed"
    ),
    kinds.FewBlocks: lambda r: f"{counted(r.blocks, 'valid block')}: an interval needs at least {r.least}",
    kinds.FewPairedBlocks: lambda r: (
        f"{counted(r.blocks, 'paired valid block')} with data; an interval needs at least {r.least}"
    ),
    kinds.FewForComparison: lambda r: (
        f"{counted(r.blocks, 'paired valid block')} with data; at least {r.least} are needed"
    ),
    kinds.ManyFailed: lambda r: f"infinite: {r.share * 100:.1f} % of {r.n} requests failed",
    kinds.ManyWouldFail: lambda r: f"infinite: more than {r.allowed * 100:g} % would fail",
    kinds.NoMetric: "no metric {metric}",
    kinds.NoQuality: "no answer names its model or says whether a fallback produced it: map the field in [mapping], or send degraded",
    kinds.CacheUntold: "no answer says whether it came from a cache",
    kinds.NoKnownPassages: "no question that was asked says which passages answer it: add passages to questions.jsonl",
    kinds.RetrievalUntold: "the answers do not say how long the store took",
    kinds.RerankUntold: "no reranker, or its time is not reported",
    kinds.MemoryUntold: "neither X-Instance-Memory-Mb nor the platform reports the memory used",
    kinds.NoEvaluation: "no evaluation question was asked",
    kinds.NoPrices: "no prices in target.toml",
    kinds.NoVolume: "its volume is not declared (per_month)",
    kinds.VolumeFar: lambda r: (
        f"can't tell: {r.per_s:.3g}/s on average is more than {r.times:g} times the highest rate that it was asked for, "
        f"{r.asked_per_s:.3g}/s; measure it at more"
    ),
    kinds.StartsNotPlayed: "how often a job meets a cold start at its volume is not simulated",
    kinds.FewCostBlocks: lambda r: (
        f"{counted(r.blocks, 'valid block')} of the profile that cost is scored at; an interval needs {r.least}"
    ),
    kinds.BilledMissing: "billed durations were collected for {collected} of {blocks} blocks: run pilot collect",
    kinds.InstanceTimeMissing: "billable instance time was not collected; without it this platform's cost is unknown",
    kinds.NoSuccess: "a set with one block left out has no successful request",
    kinds.NothingDrained: "no backlog: fewer than {least} jobs got done while others waited",
    kinds.JobsUsageMissing: "what the platform billed while jobs ran was not collected: run pilot collect",
    kinds.JobsBilledElsewhere: (
        "the platform billed {billed_s:.3g} s and the jobs say they worked {working_s:.3g} s: their workers are billed elsewhere"
    ),
    kinds.NoJobDone: "a set with one block left out has no job that was done",
    kinds.CostsNothing: "nothing that has a price was used",
    kinds.NotTold: "the service does not say",
    kinds.NoWindow: "no keep-alive window was measured, so the expected share of cold answers is unknown",
    kinds.NoExpectedShare: "the expected share of cold answers is unknown",
    kinds.FewModes: "too few warm or cold answers",
    kinds.FewProbePairs: lambda r: f"{counted(r.runs, 'run')} with a complete pair; an interval needs {r.least}",
    kinds.TwoWindows: _two_windows,
    kinds.HourlyWindow: _hourly_window,
    kinds.NoProbe: "no probe said whether it was cold",
    kinds.NeverCold: lambda r: f"never cold up to {r.to_s:.3g} s in {counted(r.probes, 'probe')}",
    kinds.AlwaysCold: lambda r: (
        f"cold in {'the one probe' if r.probes == 1 else f'all {r.probes} probes'} from {r.from_s:.3g} s on"
    ),
    kinds.WindowLonger: "{seen}: the window is longer",
    kinds.WindowShorter: "{seen}: the window is shorter",
    kinds.ColdAtShortest: lambda r: f"{r.share * 100:.0f} % cold at the shortest gap tried, {r.gap_s:.3g} s",
    kinds.WarmAtLongest: lambda r: f"{r.share * 100:.0f} % cold at the longest gap tried, {r.gap_s:.3g} s",
    kinds.NoSearch: "no capacity search was run",
    kinds.NoLimitFound: "at least {carried_per_s:.3g}/s was carried: no limit found up to the highest allowed rate",
    kinds.NoRateKept: "no rate met the SLOs",
    kinds.StepsDisagree: _steps_disagree,
    kinds.SearchesDiffer: _searches_differ,
    kinds.BothFailed: lambda r: (
        f"about {r.share * 100:.0f} % or more failed on both, so their p95 cannot be told apart"
    ),
    kinds.OneInfinite: lambda r: (
        f"the p95 of {r.name or 'the ' + r.side} is infinite: more than {r.share * 100:.0f} % of its requests failed"
    ),
    kinds.NothingBefore: "later steps are compared with this one",
    kinds.FewRequestsOf: lambda r: (
        f"{counted(r.requests, 'request')} {verb(r.requests)} too few, at least {r.least} are needed"
    ),
    kinds.NotRecovered: "not within {seconds:g} s",
    kinds.NoHybrid: "a hybrid needs one fleet and one target that is billed by use",
    kinds.CapacityNotMeasured: "the capacity of {of} was not measured",
    kinds.OneCostUnknown: "the cost of one of the two is unknown",
    kinds.NotScored: "the team has not scored it",
    kinds.NoLatency: "no latency was measured",
    kinds.NoCeiling: "no cost ceiling (slo.monthly_runtime_usd) to anchor the score",
    kinds.CostUnknownOf: "the cost of {target} is unknown",
    kinds.PeakNotOffered: lambda r: (
        f"not tested at the expected peak of {r.peak_per_s:g}/s: at most {r.most_per_s:.3g}/s was offered, and no capacity found"
    ),
    kinds.NoScaling: "neither capacity nor refusals were measured on both",
    kinds.NothingScored: "nothing can be scored",
    kinds.NotMeasured: "not measured",
    kinds.NotSealed: "not sealed",
    kinds.NotRecorded: "not recorded",
    kinds.NoRun: "no run",
    kinds.NotPlayed: "other volumes were not simulated here",
    kinds.NoCrossing: "the costs do not cross",
    kinds.CheaperBelow: "cheaper below the crossing, not above",
    kinds.BilledByUse: "billed by use",
    kinds.CapacityUnknown: "capacity unknown",
    kinds.NotPromised: "not promised",
    kinds.JudgedByInterval: "judged by its interval",
    kinds.NoPairs: "no paired blocks",
    kinds.TheSame: "the same",
    kinds.TheTargetItself: "the target itself",
    kinds.NotTimed: "not timed: pilot time {target} {step}",
    kinds.FailuresReach: "so many failed that a p95 may be infinite",
    kinds.FailuresMayExceed: lambda r: (
        f"{r.failed} of {r.n} requests failed, so the true share may be above {r.allowed * 100:g} %"
    ),
    kinds.FewToBound: lambda r: (
        f"{counted(r.n, 'request')} in {counted(r.blocks, 'block')} {verb(r.n)} too few for an upper bound on the slowest "
        f"{r.allowed * 100:g} %"
    ),
    kinds.WindowOpen: "the window's interval is open, or failures reach the p95",
}
