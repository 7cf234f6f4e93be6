"""Tables about the load generator itself: what it sent, and what it says of truths that are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.decision.findings import Findings
from harness.decision.wording import count
from harness.report.blocks import Cell, Table, Tone, absent, number, table

TONES = {"pass": Tone.PASS, "fail": Tone.FAIL}


def arrivals(findings: Findings, names: Mapping[str, str]) -> Table:
    """How bursty the traffic was meant to be, and was."""

    def pair(planned: float | None, achieved: float | None) -> tuple[Cell, Cell]:
        return tuple(number(f"{v:.2f}") if v is not None else absent("too few to tell") for v in (planned, achieved))  # type: ignore[return-value]

    rows = [
        (
            Cell(b.profile),
            Cell(names[b.target]),
            *pair(b.planned["gap_cv"], b.achieved["gap_cv"]),
            *pair(b.planned["idc_1s"], b.achieved["idc_1s"]),
            number(str(b.runs)),
        )
        for b in findings.arrivals
    ]
    head = ("profile", "target", "gap CV planned", "gap CV sent", "IDC (1 s) planned", "IDC (1 s) sent", "runs")
    note = (
        "Medians over runs. CV: standard deviation over mean of the gaps between requests, 1 for Poisson. IDC: variance "
        "over mean of the counts per second, 1 for Poisson at one rate, more for bursts."
    )
    return table("arrivals", "Arrivals as planned and as sent", head, rows, note)


def streams(findings: Findings, names: Mapping[str, str]) -> Table:
    """Whether streamed answers streamed."""
    words = {
        None: absent("can't tell: no stream was long enough"),
        True: Cell("buffered", Tone.FAIL),
        False: Cell("streams", Tone.PASS),
    }
    rows = [
        (
            Cell(names[s.target]),
            words[s.buffered],
            number(count(s.held_back)),
            number(count(s.told)),
            number(count(s.streams)),
        )
        for s in findings.streams
    ]
    note = "Held back: all tokens came within the last tenth of the answer's time. Short answers cannot tell."
    head = ("target", "its streams", "held back", "could tell", "answered streams")
    return table("streams", "Do streams stream?", head, rows, note)


def calibration(record: Mapping[str, Any] | None) -> Table:
    """The generator against servers whose law is known."""
    head = ("law", "quantity", "truth (ms)", "measured (ms)", "tolerance (ms)", "derived from", "n", "verdict")
    if record is None:
        rows = [(absent("not calibrated"), *[absent("none")] * 6, absent("pilot calibrate"))]
        return table("calibration", "The generator against known laws", head, rows)
    made = [
        (
            Cell(c["law"]),
            Cell(c["quantity"]),
            number(f"{c['truth_s'] * 1e3:.1f}"),
            number(f"{c['measured_s'] * 1e3:.1f}") if c["measured_s"] is not None else absent(c["why"] or "nothing"),
            number(f"{c['tolerance_s'] * 1e3:.1f}"),
            Cell(c["derived"]),
            number(count(c["n"])),
            Cell(c["verdict"] + (f": {c['why']}" if c["why"] else ""), TONES.get(c["verdict"], Tone.OPEN)),
        )
        for c in record["checks"]
    ]
    return table("calibration", "The generator against known laws", head, made, f"Measured {record['measured_utc']}.")


def floor(record: Mapping[str, Any] | None) -> Table:
    """What the generator adds of its own."""
    head = ("what", "p50 (ms)", "p99 (ms)", "n")
    if record is None:
        return table("floor", "The generator's own floor", head, [(absent("not calibrated"), *[absent("none")] * 3)])
    said = record["floor"]

    def ms(name: str) -> Cell:
        return number(f"{said[name] * 1e3:.2f}") if said[name] is not None else absent("not measured")

    rows = [
        (Cell(words), ms(f"{name}_p50_s"), ms(f"{name}_p99_s"), number(count(said[of])))
        for words, name, of in (
            ("lag: sent later than intended", "lag", "n"),
            ("response time of an answer that takes no time", "response", "n"),
            ("first token of an answer that takes no time", "ttft", "streams"),
        )
    ]
    held = said["highest_rate_per_s"]
    words = f"{held:g} requests a second" if held is not None else "none of the rates that were tried"
    return table("floor", "The generator's own floor", head, rows, f"Highest rate that a single process held: {words}.")
