"""Blocks as Markdown."""

from __future__ import annotations

from harness.report.blocks import Figure, PageOneVerdict, Table, Tone, again
from harness.report.escape import markdown as escape


def table(t: Table) -> str:
    """A pipe table, numbers to the right."""
    if not t.rows:
        return f"*{escape(t.title)}: not measured.*"
    rule = ["---:" if all(r[k].tone is Tone.NUMBER for r in t.rows) else "---" for k in range(len(t.head))]
    lines = [
        f"**{escape(t.title)}**",
        "",
        _row([str(escape(h)) for h in t.head]),
        _row(rule),
        *(
            _row([f"*{escape(c.text)}*" if c.tone is Tone.ABSENT else str(escape(c.text)) for c in row])
            for row in t.rows
        ),
    ]
    if t.note:
        lines += ["", str(escape(t.note))]
    lines += ["", f"[{t.id}.csv](tables/{t.id}.csv), `{again(t)}`"]
    return "\n".join(lines)


def figure(f: Figure) -> str:
    """The conclusion and the chart's file; its rows are in the CSV beside it."""
    return f"**{escape(f.title)}**\n\n{escape(f.subtitle)}\n\n![{escape(f.title)}](figures/{f.id}.svg)"


def verdict(v: PageOneVerdict) -> str:
    """Page one."""
    lines = [
        *(line for sentence in v.state for line in (f"**{escape(sentence)}**", "")),
        f"# {escape(v.answer)}",
        "",
        f"{escape(v.question)}",
        "",
        f"{escape(v.because)}",
        "",
        f"Recommendation: **{escape(v.choice)}**. Confidence: **{escape(v.confidence)}**. Evidence up to {escape(v.date)}.",
        "",
    ]
    for n in v.numbers:
        pairs = "; ".join(f"{escape(t)} **{escape(x)}** ({escape(i)})" for t, x, i in n.values)
        lines.append(f"- {escape(n.label)}: {pairs}")
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
