"""Tables about the load generator itself: what it sent, and what it says of truths that are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.decision.findings import Findings
from harness.report.blocks import Cell, Table, Tone, absent, listed, table
from harness.report.columns import counted, figure, milliseconds, plain, profile, target, text, toned, word

TONES = {"pass": Tone.PASS, "fail": Tone.FAIL}


def arrivals(findings: Findings, names: Mapping[str, str]) -> Table:
    """How bursty the traffic was meant to be, and was."""
    measures = (("gap CV", "gap_cv", "gap_cv"), ("IDC (1 s)", "idc_1s", "idc"))
    rows = [
        (b.profile, b.target, *(said[key] for _, key, _ in measures for said in (b.planned, b.achieved)), b.runs)
        for b in findings.arrivals
    ]
    shown = (
        profile(),
        target(names),
        *(
            figure(f"{head} {when}", f"{name}_{when}", lambda v: f"{v:.2f}", lack="too few to tell")
            for head, _, name in measures
            for when in ("planned", "sent")
        ),
        plain("runs", "runs"),
    )
    note = (
        "Medians over runs. CV: standard deviation over mean of the gaps between requests, 1 for Poisson. IDC: variance "
        "over mean of the counts per second, 1 for Poisson at one rate, more for bursts."
    )
    return table("arrivals", "Arrivals as planned and as sent", shown, rows, note)


_STREAMS = {
    None: absent("can't tell: no stream was long enough"),
    "buffered": Cell("buffered", Tone.FAIL),
    "streams": Cell("streams", Tone.PASS),
}


def streams(findings: Findings, names: Mapping[str, str]) -> Table:
    """Whether streamed answers streamed."""
    said = {None: None, True: "buffered", False: "streams"}
    note = "Held back: all tokens came within the last tenth of the answer's time. Short answers cannot tell."
    return listed(
        "streams",
        "Do streams stream?",
        findings.streams,
        [
            (target(names), lambda s: s.target),
            (toned("its streams", "its_streams", lambda value: _STREAMS[value]), lambda s: said[s.buffered]),
            (counted("held back", "held_back"), lambda s: s.held_back),
            (counted("could tell", "could_tell"), lambda s: s.told),
            (counted("answered streams", "streams"), lambda s: s.streams),
        ],
        note,
    )


def calibration(record: Mapping[str, Any] | None) -> Table:
    """The generator against servers whose law is known."""
    made = [
        (
            c["law"],
            c["quantity"],
            c["truth_s"],
            c["measured_s"],
            c["tolerance_s"],
            c["derived"],
            c["n"],
            c["verdict"],
            c["why"],
        )
        for c in (record["checks"] if record else ())
    ]
    shown = (
        word("law"),
        word("quantity"),
        milliseconds("truth (ms)", "truth_s"),
        milliseconds("measured (ms)", "measured_s", lack="nothing"),
        milliseconds("tolerance (ms)", "tolerance_s"),
        text("derived from"),
        counted("n", "n"),
        toned("verdict", "verdict", lambda v: Cell(v, TONES.get(v, Tone.OPEN))),
        text("why"),
    )
    note = f"Measured {record['measured_utc']}." if record else NOT_CALIBRATED
    return table("calibration", "The generator against known laws", shown, made, note)


NOT_CALIBRATED = "The generator was not calibrated on this machine: pilot calibrate."


def floor(record: Mapping[str, Any] | None) -> Table:
    """What the generator adds of its own."""
    shown = (
        word("what"),
        *(milliseconds(f"{p} (ms)", f"{p}_s", lack="not measured", digits=2) for p in ("p50", "p99")),
        counted("n", "n"),
    )
    if record is None:
        return table("floor", "The generator's own floor", shown, (), NOT_CALIBRATED)
    said = record["floor"]
    rows = [
        (words, said[f"{name}_p50_s"], said[f"{name}_p99_s"], said[of])
        for words, name, of in (
            ("lag: sent later than intended", "lag", "n"),
            ("response time of an answer that takes no time", "response", "n"),
            ("first token of an answer that takes no time", "ttft", "streams"),
        )
    ]
    held = said["highest_rate_per_s"]
    words = f"{held:g} requests a second" if held is not None else "none of the rates that were tried"
    return table(
        "floor", "The generator's own floor", shown, rows, f"Highest rate that a single process held: {words}."
    )
