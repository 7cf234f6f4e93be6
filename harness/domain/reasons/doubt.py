"""What weakens the evidence."""

from __future__ import annotations

from enum import StrEnum

from harness.domain.job import Fate
from harness.domain.reason import Reason
from harness.domain.workload import Promise


class What(StrEnum):
    """Of a paired request."""

    ANSWERS = "answers"
    CITATIONS = "citations"
    TOKENS = "token_counts"


class Figures(StrEnum):
    """Which figures of a report rest on a source."""

    COUNTS = "counts"
    CLUSTER = "cluster"
    SPANS = "spans"
    BILL = "bill"
    REPLICAS = "replicas"
    DURATIONS = "durations"
    INSTANCE_TIME = "instance_time"
    OWN = "own"


class Doubt(Reason):
    """What weakens the evidence."""


class FewValid(Doubt):
    """Too few blocks for any verdict."""

    valid: int
    planned: int
    least: int


class BlocksMissing(Doubt):
    """Not measured, or not valid."""

    missing: int
    planned: int


class RunsInvalid(Doubt):
    """Left out."""

    runs: int


class IsRehearsal(Doubt):
    """One machine."""


class TeamSays(Doubt):
    """A note of pilot.toml, word by word."""

    text: str


class NotCalibrated(Doubt):
    """The generator."""


class CalibrationOff(Doubt):
    """So many of its checks failed, or could not be told; ``law`` to ``why``: the first."""

    checks: int
    failed: bool
    law: str
    quantity: str
    why: str


class CalibratedOtherwise(Doubt):
    """By other versions."""

    names: tuple[str, ...]


class AaMissing(Doubt):
    """The harness's own bias."""


class AaBiased(Doubt):
    """The harness's own bias."""

    target: str
    metrics: tuple[str, ...]


class AaFewPairs(Doubt):
    """Too few to show a bias."""

    pairs: int
    least: int


class AaSilent(Doubt):
    """Each: metric, and the ratio that would have been noticed."""

    target: str
    power: float
    noticed: tuple[tuple[str, float | None], ...]


class BlocksUnread(Doubt):
    """Between two looks."""

    valid: int
    read: int
    following: int | None


class EarlyLook(Doubt):
    """Biased away from a limit."""

    number: int
    of: int
    blocks: int
    confidence: float


class EndedEarly(Doubt):
    """Settled before the plan's end."""

    not_needed: int
    planned: int
    look: int
    of: int
    blocks: int
    because: str


class WarmUpShort(Doubt):
    """By MSER-5."""

    target: str
    profile: str
    wanted_s: float
    declared_s: float


class CheckNotFine(Doubt):
    """Before the first block."""

    group: str
    answer: str
    name: str
    detail: str


class ChecksUntold(Doubt):
    """Nor shown."""

    names: tuple[str, ...]


class SettingsByHand(Doubt):
    """No sweep."""

    targets: tuple[str, ...]


class SweepChoseNone(Doubt):
    """Measured all the same."""

    target: str
    why: Reason


class SweepChoseOther(Doubt):
    """Than what was measured."""

    target: str
    chosen: str
    why: Reason
    now: tuple[str, ...]


class StreamsBuffered(Doubt):
    """Tokens that came at once."""

    target: str
    held_back: int
    told: int


class CapacityNotSearched(Doubt):
    """Those that are priced at the declared size."""

    fleets: tuple[str, ...]


class PeakNotAsked(Doubt):
    """The search ended below what the peak wants."""

    target: str
    at_least: float
    peak_per_s: float
    wanted_per_s: float


class CapacityNotKnown(Doubt):
    """Of a search."""

    target: str
    why: Reason


class PeakBeyond(Doubt):
    """Used to more than services are planned at."""

    target: str
    peak_per_s: float
    use: float
    planned: float


class NeverMadeCold(Doubt):
    """An experiment without its cold starts; what: in the words of its record."""

    what: str


class CoresShared(Doubt):
    """By generator, model and targets."""

    contended: int
    told: int


class ProviderFailed(Doubt):
    """Every request of a run."""

    silent: int
    of: int


class Retried(Doubt):
    """Figures of the user's request."""

    target: str
    requests: int
    attempts: int


class NothingPaired(Doubt):
    """Whether both did the same work."""


class AnswersDiffer(Doubt):
    """Of paired requests."""

    what: What
    different: int
    pairs: int


class BlocksSpread(Doubt):
    """Above what a PASS stands."""

    target: str
    profile: str
    spread: float


class JobsEnded(Doubt):
    """Other than done once; the ends of their share's interval, None where there is none."""

    target: str
    profile: str
    fate: Fate
    count: int
    of: int
    low: float | None
    high: float | None


class EffectsUntold(Doubt):
    """Whether any was done twice: no result tells it."""

    target: str
    profile: str
    done: int


class JobsTimedRoughly(Doubt):
    """Their ends are known by polls, so many seconds apart; the tightest promise of time about them."""

    target: str
    profile: str
    resolution_s: float
    limit_s: float


class JobsNotMeasured(Doubt):
    """A workload of jobs and what it promises."""

    workload: str
    promises: tuple[Promise, ...]


class NoPricesOf(Doubt):
    """So no cost."""

    target: str


class BookOld(Doubt):
    """At the evidence's last day."""

    book: str
    days: int


class PricesElsewhere(Doubt):
    """The book is of another region than the target; ``book`` as target.toml names it."""

    target: str
    region: str
    book: str
    of_region: str


class PricesUnconfirmed(Doubt):
    """By anybody; ``lines``: what a bill calls them."""

    targets: tuple[str, ...]
    lines: tuple[str, ...]


class PartsUnpriced(Doubt):
    """Stores and fronts that a target uses and that stand neither in its bill nor in [costs]."""

    target: str
    parts: tuple[str, ...]


class CanBeTaken(Doubt):
    """Priced as capacity that its provider may take away."""

    target: str
    share: float


class ModelsUnlisted(Doubt):
    """That answered, and whose tokens have the price of a stand-in, or none without a book."""

    target: str
    models: tuple[str, ...]
    book: str


class CostNotKnown(Doubt):
    """At the expected traffic."""

    targets: tuple[str, ...]
    why: Reason


class NotCollected(Doubt):
    """Each day: date, runs not collected, runs."""

    source: str
    target: str
    lost: int
    runs: int
    days: tuple[tuple[str, int, int], ...]
    more: int
    weakens: Figures


class SeenOtherwise(Doubt):
    """By the client and the platform."""

    target: str
    what: Reason


class NoLogLine(Doubt):
    """Of answered requests."""

    missing: int
    of: int


class TookLonger(Doubt):
    """Than the client waited."""

    requests: int


class RefusalsDiffer(Doubt):
    """By count."""

    client: int
    platform: int


class FewInvocations(Doubt):
    """Fewer than were accepted."""

    platform: int
    accepted: int


class ManyInvocations(Doubt):
    """More than were accepted."""

    platform: int
    accepted: int


class NothingBilled(Doubt):
    """Modelled alone."""


class BilledDays(Doubt):
    """Whose bill is final."""

    target: str
    final: int
    days: int


class BillDiffers(Doubt):
    """Relative errors of the model; ``line``: what a bill calls it."""

    target: str
    line: str
    quantity: float | None
    price: float | None


class OlderEvidence(Doubt):
    """What an earlier version did not record: links and digests of its journal, the rule in its seal, columns, fields of runs."""

    links: bool
    digests: bool
    rule: bool
    columns: tuple[str, ...]
    fields: tuple[str, ...]
