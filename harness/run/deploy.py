"""``pilot deploy`` and ``pilot destroy``: targets brought to their address and away again, with how long it took in the evidence."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.campaign.lock import alone
from harness.campaign.progress import Progress, duration
from harness.domain.target import Target
from harness.errors import Refused
from harness.evidence.files import write_text
from harness.evidence.store import Store
from harness.platforms.deploying import (
    Asked,
    Deployed,
    Deployment,
    Destroyed,
    Heard,
    Intent,
    Took,
    deployable,
    deployments,
)
from harness.platforms.registry import platform_of
from harness.platforms.shared.ready import wait_ready
from harness.run.away.away import at_home
from harness.run.deployed import BEGUN, REFUSED, STANDS, stands, unfinished
from harness.run.timing import EVENT
from harness.workspace import Workspace, deployed, trust, wants
from harness.workspace.target_toml import tables_of

LOCK = "deploy.lock"
KEPT = "kept"
AMOUNT = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]*)")
READY_S = 300.0  # a name that was just made is not known everywhere at once


class _Told:
    """What a deployment says, passed on; and whether it said anything: a step ended, so it had begun."""

    def __init__(self, to: Heard) -> None:
        self._to, self.anything = to, False

    def say(self, text: str) -> None:
        self.anything = True
        self._to.say(text)

    def work(self, text: str) -> None:
        self._to.work(text)


@dataclass(frozen=True)
class Wishes:
    """What a person asks for; see ``Asked``."""

    settings: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    builder: str = "auto"
    source: str | None = None
    only_source: bool = False


class Deploys:
    """Of these targets, or of every one of the campaign that can be deployed; raises Refused where there is none."""

    def __init__(self, workspace: Workspace, names: Sequence[str], wishes: Wishes) -> None:
        self._workspace, self._store = workspace, Store(workspace.evidence)
        self._only_source, self._settings = wishes.only_source, wishes.settings
        self.targets = _targets(workspace, names, self._store)
        self._asked = Asked(
            workspace.root,
            wishes.settings,
            wishes.image,
            wishes.builder,
            wishes.source,
            wishes.only_source,
            _took(self._store),
            workspace.config.load.deadline_s,
        )
        self._all = deployments(self.targets, self._asked)
        self._beside: dict[int, dict[str, Decimal]] = {}  # by deployment, as its plan priced it

    def intents(self, *, destroy: bool) -> list[Intent]:
        """What would be done, nothing of which is; raises Refused for files that nobody has confirmed."""
        made = [self._noting(one.intent(destroy=destroy), one) for one in self._all]
        if not destroy and not self._only_source:
            self._beside = {id(one): intent.beside for one, intent in zip(self._all, made, strict=True)}
        files = [path for intent in made for path in intent.files]
        trust.require(self._workspace, wants.of_files(self._workspace, files))
        return made

    def _noting(self, intent: Intent, one: Deployment) -> Intent:
        return replace(intent, notes=(*intent.notes, *self._overridden(one)))

    def _overridden(self, one: Deployment) -> list[str]:
        """Settings of this call that target.toml contradicts: bills are modelled by what it says."""
        return [
            f"{part.target.name}: --set {name}={given} holds for this deployment alone: target.toml says {said}, which is "
            "what costs are modelled by and what the next pilot deploy goes back to"
            for part in one.parts
            for name, said in part.settings.items()
            if (given := self._settings.get(name)) is not None and not _same(given, said)
        ]

    def deploy(self, progress: Progress) -> list[Deployed]:
        """Return once every target answers; safe to repeat after any cut."""
        at_home(self._workspace)
        out = []
        with alone(self._workspace.state / LOCK, "pilot deploy"):
            for one in self._all:
                with self._counted(one, progress):
                    done = self._sent(one, progress)
                    notes = [note for target in self.targets for note in self._written(target, done)]
                    if not self._only_source:
                        self._lead_nowhere([part.target for part in one.parts if part.target.name not in done.values])
                    ready = self._ready(done, progress)
                    notes += self._overridden(one)
                    whole = Deployed((*done.steps, *ready), done.values, done.files, (*done.notes, *notes))
                    named = dict.fromkeys([*done.values, *(s.target for s in whole.steps if s.target)])
                    self._noted("deploy", whole.steps, list(named), self._priced(one))
                out.append(whole)
        return out

    def let_in(self, progress: Progress) -> None:
        """From the address that is asked for, and nothing else."""
        with alone(self._workspace.state / LOCK, "pilot deploy"):
            for one in self._all:
                one.deploy(progress)

    def _sent(self, one: Deployment, progress: Progress) -> Deployed:
        """Noted before its first call: what an error or a cut leaves standing is billed, after a refusal on the way too."""
        rows = self._store.deployments()
        new = [] if self._only_source else [name for name in _names(one) if not stands(rows, name)]
        if new:
            self._store.add_deployment({"what": BEGUN, "targets": new, "steps": [], **self._priced(one)})
        heard = _Told(progress)
        try:
            return one.deploy(heard)
        except Refused:
            if new and not heard.anything:
                self._store.add_deployment({"what": REFUSED, "targets": new, "steps": []})
            raise

    def _priced(self, one: Deployment) -> dict[str, dict[str, str]]:
        """What it makes beside its targets, USD an hour; what an earlier one had there and this one has not, is 0."""
        said = self._beside.get(id(one), {})
        known = {name for entry in self._store.deployments() for name in entry.get("beside", {})}
        usd = {name: str(cost) for name, cost in said.items() if cost or name in known}
        return {"beside": usd} if usd else {}

    @contextmanager
    def _counted(self, one: Deployment, progress: Progress) -> Iterator[None]:
        """Whoever sees it fail learns that it may cost money as it is."""
        try:
            yield
        except BaseException:
            rows = self._store.deployments()
            if names := [name for name in _names(one) if unfinished(rows, name)]:
                progress.say(
                    f"{', '.join(names)}: not finished. What is there may be billed, so the budget counts it "
                    "from now on; pilot deploy again goes on, pilot destroy removes it"
                )
            raise

    def _written(self, target: Target, done: Deployed) -> list[str]:
        """What target.toml reads, and whom it trusts; what has no place there is said."""
        if target.name not in done.values:
            return []
        tables, _ = tables_of(target.folder / "target.toml")
        names, notes, said = deployed.variables_of(tables), [], {}
        for name, value in done.values[target.name].items():
            if name in names:
                said[names[name]] = value
            elif tables.get(name) not in (None, value):
                notes.append(f'{target.name}: {name} is {value}: target.toml says otherwise, or has no "${{VARIABLE}}"')
        deployed.write(target.folder, said)
        if (pem := done.files.get(target.name, {}).get("ca_file")) is not None:
            if target.ca_file is None:
                notes.append(
                    f"{target.name}: its certificate is its own: tls.ca_file in target.toml names a file for it"
                )
            else:
                write_text(Path(target.ca_file), pem)
        trust.add(self._workspace.root, wants.of_target(self._workspace, target.name))
        return notes

    @staticmethod
    def _lead_nowhere(targets: Sequence[Target]) -> None:
        """On every platform: an address that is given back may be somebody else's tomorrow."""
        for target in targets:
            deployed.lead_nowhere(target.folder, tables_of(target.folder / "target.toml")[0])

    def _ready(self, done: Deployed, progress: Progress) -> list[Took]:
        out = []
        for name in done.values:
            target, began = self._workspace.prospect(name).target, time.monotonic()
            progress.work(f"{name}: waiting for its first answer")
            wait_ready(target, target.base_url or "", READY_S)
            took = Took(f"ready {name}", "answered", round(time.monotonic() - began, 1), name)
            progress.say(f"{name}: answers at {target.base_url}")
            out.append(took)
        return out

    def destroy(self, progress: Progress) -> list[Destroyed]:
        """Return once all is gone or known to be left; safe to repeat after any cut."""
        at_home(self._workspace)
        out = []
        with alone(self._workspace.state / LOCK, "pilot destroy"):
            for one in self._all:
                done = one.destroy(progress)
                stand = {name: list(words) for name in STANDS if (words := getattr(done, name))}
                self._noted("destroy", done.steps, _names(one), stand)
                if not stand:
                    self._lead_nowhere([part.target for part in one.parts])
                out.append(done)
        return out

    def _noted(
        self, what: str, steps: Sequence[Took], names: Sequence[str], more: Mapping[str, Any] | None = None
    ) -> None:
        """Nothing where nothing changed, but for a deployment or a removal that a cut left unnoted."""
        known = {e.get("target") for e in self._store.journal() if (e["event"], e.get("step")) == (EVENT, "deploy")}
        news = [s for s in steps if s.did not in (KEPT, "answered") or (s.target and s.target not in known)]
        rows = self._store.deployments()
        owed = any(stands(rows, name) if what == "destroy" else unfinished(rows, name) for name in names)
        if not news and not owed:
            return
        entry = {"what": what, "targets": list(names), "steps": steps}
        self._store.add_deployment(entry | dict(more or {}))
        if what == "deploy":
            for name in {step.target: None for step in news if step.target}:
                seconds = round(sum(step.seconds for step in steps if step.target == name), 1)
                self._store.note(EVENT, target=name, step="deploy", seconds=seconds, exit_code=0)


def let_in(workspace: Workspace, progress: Progress, address: str) -> None:
    """Each target that pilot deploy made takes load from this address of another machine, where it asks for addresses at all."""
    rows = Store(workspace.evidence).deployments()
    for name in workspace.config.pilot.measured:
        if not stands(rows, name):
            continue
        try:
            made = Deploys(workspace, [name], Wishes(source=f"{address}/32", only_source=True))
        except Refused as error:  # where an identity may ask, whatever its address
            progress.say(f"{name}: {error}")
            continue
        made.intents(destroy=False)  # its files are confirmed
        try:
            made.let_in(progress)
        except Refused as error:  # where no balancer was made
            progress.say(f"{name}: {error}")
            continue
        progress.say(f"{name}: takes load from {address} alone now; pilot deploy --address lets this machine in again")


def _same(one: str, other: str) -> bool:
    """As texts, or as amounts of one unit."""
    first, second = (AMOUNT.fullmatch(text.strip()) for text in (one, other))
    if first is None or second is None:
        return one == other
    return (Decimal(first[1]), first[2]) == (Decimal(second[1]), second[2])


def _names(one: Deployment) -> list[str]:
    return [part.target.name for part in one.parts]


def _targets(workspace: Workspace, names: Sequence[str], store: Store) -> list[Target]:
    """As named; else those of the campaign whose platform deploys, and whatever was deployed before, or begun."""
    if names:
        return [workspace.to_deploy(name) for name in dict.fromkeys(names)]
    folder, rows = workspace.root / "targets", store.deployments()
    there = [n for n in workspace.target_names if (folder / n / deployed.FILE).is_file() or stands(rows, n)]
    every = [workspace.to_deploy(n) for n in dict.fromkeys([*workspace.config.pilot.measured, *there])]
    found = [target for target in every if platform_of(target).deploying is not None and target.variant_of is None]
    if not found:
        raise Refused(
            "no target of this pilot is deployed by pilot deploy",
            f"the README beside its target.toml has the commands; deployed here: {', '.join(deployable())}",
        )
    return found


def _took(store: Store) -> dict[str, float]:
    """Seconds of each step when it was last made here."""
    steps = [step for entry in store.deployments() if entry["what"] == "deploy" for step in entry["steps"]]
    return {str(step["name"]): float(step["seconds"]) for step in steps if step["did"] == "created"}


def summary(steps: Sequence[Took]) -> str:
    """In one line."""
    made = [step for step in steps if step.did not in (KEPT, "answered")]
    if not made:
        return "nothing to change"
    return ", ".join(f"{s.name} {s.did} in {duration(s.seconds)}" for s in made)
