"""Which worker runs which test when the suite runs side by side (``pytest -n``), in three lanes.

live      starts servers or Locust; mostly waits, and is timed while it does
quiet     the rest; only computes, so it runs at a lower priority, beside the live ones
alone     judged by this machine's timing: last, when every other live worker has gone home

A live worker with nothing live left computes too, at the lower priority from then on. The first one keeps its own for
what runs alone, so it waits until the others have no live test left.

A file of quiet tests is one unit, and so are live tests that share what a fixture of their module
starts. The controller of pytest-xdist knows tests by their ids alone, so a worker tells it the
groups in a file.
"""

import json
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ALONE = "alone"
LIVE = (
    "stories",
    "load",
    "local",
    "calibration",
    "campaign",
    "run",
    "check",
    "collect",
)  # in the order of how long they take
HEAVY = (
    "attack",
    "report",
    "predict",
    "platforms",
    "frames",
    "cli",
    "scaffold",
    "planning",
    "docs",
)  # of the quiet ones
BESIDE = "decision"  # as much computing as those that run alone take time: kept for the quiet worker until then
LIVE_WORKERS_OF_FOUR = 3
FIRST = "gw0"
FILE = "groups.json"


def group_of(item) -> str | None:
    """What must not be split: side by side, each part would start the same again, or the controller talk longer than they run."""
    if item.get_closest_marker(ALONE):
        return ALONE
    shared = {found.scope for each in item._fixtureinfo.name2fixturedefs.values() for found in each}
    quiet = _folder_of(item.nodeid) not in LIVE
    return item.module.__name__ if quiet or "module" in shared else None


def arrange(items, folder: Path | None) -> None:
    """The longest folders first, what runs alone last; a worker's ``folder`` gets the groups."""
    groups = {item.nodeid: group for item in items if (group := group_of(item))}
    items.sort(key=lambda item: _rank(item.nodeid, alone=groups.get(item.nodeid) == ALONE))
    if folder is not None:
        (folder / FILE).write_text(json.dumps(groups))


def _rank(nodeid: str, *, alone: bool) -> int:
    folder, named = _folder_of(nodeid), (*LIVE, *HEAVY)
    if alone or folder == BESIDE:
        return len(named) + 1 + alone
    return named.index(folder) if folder in named else len(named)


def _folder_of(nodeid: str) -> str:
    """The folder of tests/ that a test stands in."""
    parts = nodeid.partition("::")[0].split("/")
    return parts[1] if len(parts) > 2 else ""


def lowers(worker: str, item) -> bool:
    """Whether a live worker lowers its priority, for good, before this test."""
    return worker != FIRST and not item.get_closest_marker(ALONE) and _folder_of(item.nodeid) not in LIVE


def is_quiet(worker: str, workers: int) -> bool:
    """Whether the worker, as ``gw3``, is one that only computes."""
    return int(worker.removeprefix("gw")) % 4 >= min(LIVE_WORKERS_OF_FOUR, workers - 1) > 0


class Lanes(LoadScopeScheduling):
    """Quiet workers leave the live tests to the others; what runs alone waits until one worker is left."""

    def __init__(self, config, log, folder: Path) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False
        self._folder = folder
        self._groups: dict[str, str] = {}

    def schedule(self) -> None:
        if self.collection is None:
            written = self._folder / FILE  # none where nothing could be collected, as of a path that does not exist
        self._groups = json.loads(written.read_text()) if written.exists() else {}
        super().schedule()

    def remove_node(self, node):
        crashed = super().remove_node(node)
        for last in [n for n in self.nodes if self._may_run_alone(n)]:
            self._reschedule(last)
        return crashed

    def mark_test_complete(self, node, item_index, duration=0) -> None:
        """A unit that is done is forgotten: what a worker still has is counted after each test."""
        nodeid = self.registered_collections[node][item_index]
        scope = self._split_scope(nodeid)
        unit = self.assigned_work[node][scope]
        unit[nodeid] = True
        if all(unit.values()):
            del self.assigned_work[node][scope]
        self._reschedule(node)
        if (last := self._last_live()) not in (None, node) and self._pending_of(self.assigned_work[last]) < 2:
            self._reschedule(last)  # it may have waited for this one

    def _split_scope(self, nodeid: str) -> str:
        return self._groups.get(nodeid, nodeid)

    def _assign_work_unit(self, node) -> None:
        if scope := self._next(node):
            self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    def _reschedule(self, node) -> None:
        if self.workqueue and self._pending_of(self.assigned_work[node]) > 2:
            return
        if self._next(node) or not self.workqueue or self._may_run_alone(node):
            super()._reschedule(node)
        elif self._last_live() not in (None, node):
            node.shutdown()

    def _last_live(self):
        """Who stays for what runs alone."""
        live = [n for n in self.nodes if not self._is_quiet(n)]
        return next((n for n in live if n.gateway.id == FIRST), live[0] if live else None)

    def _others_are_live(self, node) -> bool:
        """Whether another live worker still has a live test."""
        others = [n for n in self.nodes if n is not node and not self._is_quiet(n)]
        units = (unit for other in others for unit in self.assigned_work[other].items())
        return any(self._lane(scope, unit) == "live" for scope, unit in units)

    def _is_quiet(self, node) -> bool:
        return is_quiet(node.gateway.id, self.numnodes)

    def _may_run_alone(self, node) -> bool:
        """Every other live worker has gone home; one that only computes, at a lower priority, disturbs nobody."""
        others = [n for n in self.nodes if n is not node]
        return not others or (not self._is_quiet(node) and all(self._is_quiet(n) for n in others))

    def _next(self, node) -> str | None:
        """What this worker takes now: a live one computes when nothing live is left, makes room for what runs alone, then helps."""
        wanted = ["quiet", BESIDE]
        if not self._is_quiet(node):
            wanted = ["live"] if node is self._last_live() and self._others_are_live(node) else ["live", "quiet"]
            if self._may_run_alone(node):
                wanted += [ALONE] if ALONE in self.workqueue else [BESIDE]
        elif len(self.nodes) == 1:
            wanted += ["live", ALONE]
        lanes: dict[str, str] = {}  # each lane's first
        for scope, unit in self.workqueue.items():  # asked after each test of any worker, so no further than it has to
            lanes.setdefault(self._lane(scope, unit), scope)
            if wanted[0] in lanes:
                break
        return next((lanes[lane] for lane in wanted if lane in lanes), None)

    def _lane(self, scope: str, unit: dict[str, bool]) -> str:
        folder = _folder_of(next(iter(unit)))
        return ALONE if scope == ALONE else "live" if folder in LIVE else BESIDE if folder == BESIDE else "quiet"
