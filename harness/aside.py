"""What is done beside the two weeks: the generator, settings, a router's split and a race are measured, and a pilot is bundled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from harness.analysis import canary as canaries
from harness.analysis.canary import Canary
from harness.analysis.settings import Settings
from harness.calibration import calibrate as calibrating
from harness.campaign.lock import COLLECTING, MEASURING, alone
from harness.campaign.progress import Progress, duration
from harness.check.asking import terms_of
from harness.check.checks import checked
from harness.check.contract_check import check_contract
from harness.collect import collect as collecting
from harness.decision.settled import settled
from harness.domain.sweep import Sweep
from harness.errors import Refused
from harness.evidence import bundles
from harness.evidence.regular import there
from harness.evidence.store import PLAN, RunRecord, Store
from harness.pipeline import check, gated
from harness.planning.race import draw_race
from harness.platforms.credentials import require_ready
from harness.run import canary as splitting
from harness.run import race as racing
from harness.run import sweep as sweeping
from harness.run.away.away import at_home
from harness.run.canary import Splitting
from harness.run.silence import unheard
from harness.watch.beside import beside
from harness.workspace import Workspace
from harness.workspace.carried import Carried, carried


def calibrate(
    workspace: Workspace, progress: Progress, effort: calibrating.Effort = calibrating.USUAL
) -> tuple[calibrating.Calibration, Path]:
    """Hold the load generator to known laws; the record lies with the evidence."""
    at_home(workspace)
    progress.say(f"calibrating the load generator against known laws, about {duration(effort.expected_s)}")
    with alone(workspace.state / MEASURING, "pilot calibrate"):
        made = calibrating.calibrate(progress.say, effort)
    return made, calibrating.write(workspace.evidence, made)


def sweep(
    workspace: Workspace, names: Sequence[str], progress: Progress, *, rounds: int, most_s: float
) -> list[tuple[Sweep, Settings]]:
    """Measure the settings of each target that declares some, and choose; the deployment is left at what was chosen."""
    at_home(workspace)
    pair = (workspace.config.pilot.baseline, workspace.config.pilot.candidate)
    for name in names:
        workspace.target(name)
    declared = {name: one for name in names or pair if (one := workspace.sweep(name)) is not None}
    without = [name for name in names if name not in declared]
    if without or not declared:
        lacking = " and ".join(without or pair)
        raise Refused(f"no sweep.toml beside target.toml of {lacking}", "targets/README.md says what it holds")
    for one in declared.values():
        workspace.swept(one)  # what is wrong with any setting is said before anything is drawn
    plans = {name: sweeping.drawn(workspace, one, rounds, most_s) for name, one in declared.items()}
    out = []
    with alone(workspace.state / MEASURING, "pilot sweep"):
        for name, one in declared.items():
            store = sweeping.store_of(workspace, one)
            if not checked(store.journal()) or unheard(store.journal()):
                gated(check(workspace, [name]), store, progress)
            sweeping.measure(workspace, one, plans[name], progress)
            pulled = collecting.collect(workspace, plans[name], store, progress, measured=workspace.swept(one))
            if pulled.unsettled or pulled.failed:
                waiting = f"{len(pulled.unsettled)} readings of {name} have not settled, {len(pulled.failed)} were not answered"
                progress.say(f"{waiting}: pilot sweep again asks for them and measures nothing anew")
            found = settled(workspace, one)
            assert found is not None
            if found.chosen is not None:
                sweeping.leave_at(workspace, one, found.chosen, progress)
            out.append((one, found))
    return out


def canary(workspace: Workspace, name: str | None, wanted: Splitting, progress: Progress) -> Canary:
    """Steady load on a router while its split goes up and back; raises Refused where there is none with a split."""
    at_home(workspace)
    router = splitting.router_of(workspace, name)
    require_ready([router])

    def gate(url: str) -> None:
        gated({router.name: check_contract(router, url, terms_of(workspace))}, None, progress)

    with alone(workspace.state / MEASURING, "pilot canary"):
        store = splitting.canary(workspace, router, wanted, progress, gate)
    found = canaries.canary(store)
    assert found is not None, "a run that ended left its samples"
    return found


def race(
    workspace: Workspace, profile: str, rate: float | None, duration_s: float | None, progress: Progress
) -> tuple[Store, list[RunRecord]]:
    """Both targets at once, to watch and not to measure, with the live page; nothing of it is judged."""
    at_home(workspace)
    require_ready(workspace.measured())
    with alone(workspace.state / MEASURING, "pilot race"):
        made = draw_race(workspace, profile, rate, duration_s, datetime.now(UTC))
        return racing.race(workspace, made, progress, partial(beside, workspace, progress.say))


@dataclass(frozen=True)
class Bundled:
    """A bundle that was written; ``sha256`` is of the file itself, for whoever gets it to compare."""

    path: Path
    sha256: str
    seal: str | None
    carried: Carried


def bundle(workspace: Workspace, path: Path) -> Bundled:
    """The pilot as one file; raises Refused, with nothing written, while something measures, without a plan, and where FILE is there."""
    if there(path):
        raise Refused(f"{path} exists", "name another file with --out, or move it away")
    if path.resolve().is_relative_to(workspace.evidence):
        raise Refused(f"{path} lies in the evidence, which a bundle holds", "name a file elsewhere")
    at_home(workspace)
    store = Store(workspace.evidence)
    if not there(store.root / PLAN):
        raise Refused("there is no evidence yet", "run pilot plan --seal, then pilot run")
    with alone(workspace.state / MEASURING, "pilot bundle"), alone(workspace.state / COLLECTING, "pilot bundle"):
        plan, seal, journal = store.plan(), store.seal(), store.journal()
        assert plan is not None, "its file is there"
        digest = str(seal["digest"]) if seal else None
        found = carried(workspace)
        # the last thing that happened, not the time of day: the same evidence makes the same bytes
        sha256 = bundles.write(path, found.files, digest, str(journal[-1]["utc"]) if journal else plan.created)
    return Bundled(path, sha256, digest, found)
