"""Which worker runs which test when the suite runs side by side (``pytest -n``), in three lanes.

live      starts servers or Locust; mostly waits, and is timed while it does
quiet     the rest; only computes, so it runs at a lower priority, beside the live ones
alone     judged by this machine's timing: last, when every other live worker has gone home

Tests that share what a fixture of their module starts are one unit. The controller of pytest-xdist
knows tests by their ids alone, so a worker tells it the groups in a file.
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
LIVE_WORKERS_OF_FOUR = 3
KEPT = 0.2  # of what only computes, for the quiet worker while the other one runs alone
FILE = "groups.json"


def group_of(item) -> str | None:
    """What must not be split: side by side, each part would start the same again."""
    if item.get_closest_marker(ALONE):
        return ALONE
    shared = {found.scope for each in item._fixtureinfo.name2fixturedefs.values() for found in each}
    return item.module.__name__ if "module" in shared else None


def arrange(items, folder: Path | None) -> None:
    """The longest folders first, what runs alone last; a worker's ``folder`` gets the groups."""
    groups = {item.nodeid: group for item in items if (group := group_of(item))}
    items.sort(key=lambda item: _rank(item.nodeid, alone=groups.get(item.nodeid) == ALONE))
    if folder is not None:
        (folder / FILE).write_text(json.dumps(groups))


def _rank(nodeid: str, *, alone: bool) -> int:
    if alone:
        return len(LIVE) + 1
    folder = _folder_of(nodeid)
    return LIVE.index(folder) if folder in LIVE else len(LIVE)


def _folder_of(nodeid: str) -> str:
    """The folder of tests/ that a test stands in."""
    parts = nodeid.partition("::")[0].split("/")
    return parts[1] if len(parts) > 2 else ""


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
        self._computing = 0

    def schedule(self) -> None:
        if self.collection is None:
            self._groups = json.loads((self._folder / FILE).read_text())
        super().schedule()

    def remove_node(self, node):
        crashed = super().remove_node(node)
        for last in [n for n in self.nodes if self._may_run_alone(n)]:
            self._reschedule(last)
        return crashed

    def _split_scope(self, nodeid: str) -> str:
        return self._groups.get(nodeid, nodeid)

    def _assign_work_unit(self, node) -> None:
        if ALONE in self.workqueue:
            self.workqueue.move_to_end(ALONE)
        if left := self._left(node):
            self.workqueue.move_to_end(left[0], last=False)
        elif ALONE in self.workqueue and self._may_run_alone(node):
            self.workqueue.move_to_end(ALONE, last=False)
        else:
            return
        super()._assign_work_unit(node)

    def _reschedule(self, node) -> None:
        if self._left(node) or not self.workqueue or self._may_run_alone(node):
            super()._reschedule(node)
        elif node is not next((n for n in self.nodes if not self._is_quiet(n)), node):
            node.shutdown()

    def _is_quiet(self, node) -> bool:
        return is_quiet(node.gateway.id, self.numnodes)

    def _may_run_alone(self, node) -> bool:
        """Every other live worker has gone home; one that only computes, at a lower priority, disturbs nobody."""
        others = [n for n in self.nodes if n is not node]
        return not others or (not self._is_quiet(node) and all(self._is_quiet(n) for n in others))

    def _left(self, node) -> list[str]:
        """What this worker may take now, in its order: a live one computes while others are live, then makes room."""
        live: list[str] = []
        quiet: list[str] = []
        for scope, unit in self.workqueue.items():
            if scope != ALONE:
                (live if _folder_of(next(iter(unit))) in LIVE else quiet).append(scope)
        self._computing = max(self._computing, len(quiet))
        if self._is_quiet(node):
            return quiet
        much = len(quiet) > KEPT * self._computing
        return live or (quiet if len(self.nodes) == 1 or much or self._live_elsewhere(node) else [])

    def _live_elsewhere(self, node) -> bool:
        return any(
            _folder_of(nodeid) in LIVE and not done
            for other in self.nodes
            if other is not node and not self._is_quiet(other)
            for unit in self.assigned_work[other].values()
            for nodeid, done in unit.items()
        )
