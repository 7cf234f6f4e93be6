"""A source's readings, whatever its service answers: where there is no answer, an absence with its reason and no traceback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from harness.domain.reading import Absent, MetricSource, Reading, Window
from harness.domain.reason import Other, Reason
from harness.domain.reasons.reading import NotAnswered, SourceFailed
from harness.platforms.shared.answer import NoAnswer, printable


def readings(metrics: Sequence[str], query: str, source: str, make: Callable[[], list[Reading]]) -> list[Reading]:
    """What ``make`` finds; where it finds no answer, each metric is absent with the reason, to be asked again.

    A fault of this program must not end a pass over two weeks of evidence: it says "unexpected", and the raw answer is kept.
    """
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - the one place where a source's own fault becomes an absence
        known = isinstance(error, NoAnswer)
        reason = NotAnswered(str(error)) if known else SourceFailed(type(error).__name__, printable(str(error)))
        return [Absent(metric, reason, query, source, failed=True) for metric in metrics]


def ask(source: MetricSource, window: Window) -> list[Reading]:
    """Any source, also one that another package brings: never raises, whatever the source does.

    A package may give a reason in its own words; a kind of ours says more.
    """
    kind = getattr(source, "kind", type(source).__name__)
    return readings(("every metric",), "", kind, lambda: [_kinded(one) for one in source.read(window)])


def _kinded(one: Reading) -> Reading:
    text = one.reason if isinstance(one, Absent) else None
    return replace(one, reason=Other(str(text))) if text is not None and not isinstance(text, Reason) else one
