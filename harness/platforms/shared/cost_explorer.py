"""Cost Explorer's GetCostAndUsage: what AWS says a day was billed, by usage type.

Verified: spec only; requests and answers are held to botocore's service model in the
tests. What one must know: one endpoint, us-east-1; the end is excluded and days are
UTC; quantities mean something a usage type only; figures change for a day or two and
say so (``Estimated``); every page costs 0.01 USD, which the day's record counts; a tag that is
not active yet has an empty bill, which is no day without cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

from harness.platforms.examining import listed
from harness.platforms.shared.answer import Answer, NoAnswer, pages, said_of
from harness.platforms.shared.cost_tags import TagApi, TagState, activate, tag_state
from harness.platforms.shared.recorded import taken

USD_PER_PAGE = Decimal("0.01")
USAGE = (  # on demand, reserved, of a savings plan; the service knows two spellings, and drops what it does not know
    "Usage",
    *("DiscountedUsage", "Reservation applied usage"),
    *("SavingsPlanCoveredUsage", "Savings Plan Covered Usage"),
)


class CostApi(TagApi, Protocol):
    """The two calls of a Cost Explorer client that are used."""

    def get_cost_and_usage(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401


@dataclass(frozen=True)
class BilledLine:
    """One usage type of one service on one day, in the bill's own unit; ``usd`` at list, ``net_usd`` after discounts."""

    service: str
    usage_type: str
    quantity: Decimal
    unit: str
    usd: Decimal
    net_usd: Decimal


@dataclass(frozen=True)
class BilledDay:
    """One UTC day; ``failed`` says why there is nothing, and then it is asked again; ``raw`` is then what came instead."""

    day: date
    lines: tuple[BilledLine, ...]
    estimated: bool
    pages: int
    query: Mapping[str, Any]
    failed: str | None = None
    raw: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def own_cost_usd(self) -> Decimal:
        return self.pages * USD_PER_PAGE


class CostExplorer:
    """The days of what carries one tag, credits and refunds left out."""

    kind = "cost-explorer"
    verified = "spec only"

    def __init__(self, api: CostApi, tag: str, values: tuple[str, ...]) -> None:
        self._api = api
        self._tag = tag
        self._values = values
        self._state: TagState | None = None  # as it was when a day without a line was read

    def bill(self, day: date) -> BilledDay:
        """Every page of one day; a day that cannot be read whole is no day without cost."""
        query = self._query(day)
        lines: list[BilledLine] = []
        estimated, asked = False, 0
        try:
            for page in pages(self._api.get_cost_and_usage, query, "NextPageToken", "NextPageToken"):
                asked += 1
                for period in listed(page["ResultsByTime"]):
                    estimated |= bool(period["Estimated"].value)
                    lines += [_line(group) for group in period["Groups"].rows()]
            if not lines:
                asked += self._state is None
                self._demand_tagged(day)
        except Exception as error:  # noqa: BLE001 - a day's reason, as readings have theirs
            raw = tuple(taken(self._api))
            return BilledDay(day, (), estimated=True, pages=asked, query=query, failed=said_of(error), raw=raw)
        taken(self._api)
        return BilledDay(day, tuple(lines), estimated, asked, query)

    def _demand_tagged(self, day: date) -> None:
        """Raises NoAnswer where nothing is billed by this tag yet: an empty bill says then nothing of what was used."""
        if self._state is None:
            self._state = tag_state(self._api, self._tag)
        if not self._state.bills(day):
            said = f"active since {self._state.since} only" if self._state.active else "no active cost allocation tag"
            words = f"its bill is empty, and the tag {self._tag} is {said}: can't tell what was billed"
            fix = "ask for a backfill of it" if self._state.active else activate(self._tag)
            raise NoAnswer(f"{words}; {fix}")

    def _query(self, day: date) -> dict[str, Any]:
        tagged = {"Tags": {"Key": self._tag, "Values": list(self._values), "MatchOptions": ["EQUALS"]}}
        usage = {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(USAGE)}}
        return {
            "TimePeriod": {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()},
            "Granularity": "DAILY",
            "Metrics": ["UnblendedCost", "NetUnblendedCost", "UsageQuantity"],
            "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
            "Filter": {"And": [tagged, usage]},
        }


def _line(group: Answer) -> BilledLine:
    keys = [key.text() for key in group["Keys"].rows()]
    if len(keys) != 2:
        raise group["Keys"].unlike("a service and a usage type")
    metrics = group["Metrics"]
    quantity, unit = metrics["UsageQuantity"]["Amount"].decimal(), metrics["UsageQuantity"]["Unit"]
    usd, net = (metrics[name]["Amount"].decimal() for name in ("UnblendedCost", "NetUnblendedCost"))
    service, usage_type = keys
    return BilledLine(service, usage_type, quantity, unit.text() if unit.given else "", usd, net)
