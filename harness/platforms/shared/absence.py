"""A source's readings, whatever its service answers: where there is no answer, an absence with its reason and no traceback."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.domain.reading import Absent, MetricSource, Reading, Window
from harness.platforms.shared.answer import said_of


def readings(metrics: Sequence[str], query: str, source: str, make: Callable[[], list[Reading]]) -> list[Reading]:
    """What ``make`` finds; where it finds no answer, each metric is absent with the reason, to be asked again.

    A fault of this program must not end a pass over two weeks of evidence: it says "unexpected", and the raw answer is kept.
    """
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - the one place where a source's own fault becomes an absence
        return [Absent(metric, said_of(error), query, source, failed=True) for metric in metrics]


def ask(source: MetricSource, window: Window) -> list[Reading]:
    """Any source, also one that another package brings: never raises, whatever the source does."""
    kind = getattr(source, "kind", type(source).__name__)
    return readings(("every metric",), "", kind, lambda: list(source.read(window)))
