"""Blocks as HTML; every value is escaped here and nowhere else."""

from __future__ import annotations

import base64
from html import escape as as_text

from harness.domain.shown import visible
from harness.report.blocks import Figure, PageOneVerdict, Table, Tone, again
from harness.report.csv_text import csv_text

_CLASSES = {
    Tone.NUMBER: "number-cell",
    Tone.PASS: "pass",
    Tone.FAIL: "fail",
    Tone.OPEN: "open",
    Tone.ABSENT: "absent",
}


def escape(value: str) -> str:
    """Text that is neither markup nor steers a reader's eye."""
    return as_text(visible(value))


def table(t: Table, *, caption: bool = True) -> str:
    """A table in its own scroller, with a link that holds its CSV."""
    numeric = [
        bool(t.rows) and all(row[k].tone in (Tone.NUMBER, Tone.ABSENT) for row in t.rows) for k in range(len(t.head))
    ]
    head = "".join(
        f'<th scope="col"{" class=number-cell" if right else ""}>{escape(h)}</th>'
        for h, right in zip(t.head, numeric, strict=True)
    )
    body = (
        "".join("<tr>" + "".join(f"<td{_class(c.tone)}>{escape(c.text)}</td>" for c in row) + "</tr>" for row in t.rows)
        or f'<tr><td class="absent" colspan="{len(t.head)}">not measured</td></tr>'
    )
    title = f"<caption>{escape(t.title)}</caption>" if caption else ""
    note = f'<p class="note">{escape(t.note)}</p>' if t.note else ""
    data = base64.b64encode(csv_text(t).encode()).decode()
    download = f'<a download="{escape(t.id)}.csv" href="data:text/csv;base64,{data}">{escape(t.id)}.csv</a>'
    link = f'<p class="csv">{download} <code>{escape(again(t))}</code></p>'
    return (
        f'<div class="scroll" id="table-{escape(t.id)}" tabindex="0" role="region" aria-label="{escape(t.title)}">'
        f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}{link}"
    )


def figure(f: Figure) -> str:
    """Conclusion, what is plotted, the chart, its rows."""
    rows = (
        f"<details><summary>The numbers behind this chart</summary>{table(f.table, caption=False)}</details>"
        if f.table
        else ""
    )
    return (
        f'<figure id="{escape(f.id)}"><h3>{escape(f.title)}</h3><p class="sub">{escape(f.subtitle)}</p>'
        f'<div class="chart">{f.svg}</div>{rows}</figure>'
    )


def verdict(v: PageOneVerdict) -> str:
    """Page one."""
    numbers = "".join(
        f'<div class="number"><h3><a href="#table-{escape(n.table)}">{escape(n.label)}</a></h3><dl>'
        + "".join(
            f"<div><dt>{escape(target)}</dt><dd><b>{escape(value)}</b><small>{escape(interval)}</small></dd></div>"
            for target, value, interval in n.values
        )
        + "</dl></div>"
        for n in v.numbers
    )
    state = "".join(f'<p class="state">{escape(line)}</p>' for line in v.state)
    return (
        f'{state}<p class="question">{escape(v.question)}</p><h1>{escape(v.answer)}</h1>'
        f'<p class="because">{escape(v.because)}</p>'
        f'<p class="answer-meta"><span>Recommendation: <b>{escape(v.choice)}</b></span>'
        f"<span>Confidence: <b>{escape(v.confidence)}</b></span><span>Evidence up to <b>{escape(v.date)}</b></span></p>"
        f'<div class="numbers">{numbers}</div>'
    )


def _class(tone: Tone) -> str:
    name = _CLASSES.get(tone)
    return f' class="{name}"' if name else ""
