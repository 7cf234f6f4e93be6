"""``pilot deploy`` and ``pilot destroy``: targets brought to their address and away again, with how long it took in the evidence."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.campaign.lock import alone
from harness.campaign.progress import Progress, duration
from harness.domain.target import Target
from harness.errors import Refused
from harness.evidence.files import write_text
from harness.evidence.store import Store
from harness.platforms.deploying import Asked, Deployed, Destroyed, Intent, Took, deployable, deployments
from harness.platforms.registry import platform_of
from harness.platforms.shared.ready import wait_ready
from harness.run.away.away import at_home
from harness.run.deployed import STANDS
from harness.run.timing import EVENT
from harness.workspace import Workspace, deployed, trust, wants
from harness.workspace.target_toml import tables_of

LOCK = "deploy.lock"
KEPT = "kept"
READY_S = 300.0  # a name that was just made is not known everywhere at once


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
        self.targets = _targets(workspace, names)
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

    def intents(self, *, destroy: bool) -> list[Intent]:
        """What would be done, nothing of which is; raises Refused for files that nobody has confirmed."""
        made = [one.intent(destroy=destroy) for one in self._all]
        files = [path for intent in made for path in intent.files]
        trust.require(self._workspace, wants.of_files(self._workspace, files))
        return made

    def deploy(self, progress: Progress) -> list[Deployed]:
        """Return once every target answers; safe to repeat after any cut."""
        at_home(self._workspace)
        out = []
        with alone(self._workspace.state / LOCK, "pilot deploy"):
            for one in self._all:
                done = one.deploy(progress)
                notes = [note for target in self.targets for note in self._written(target, done)]
                ready = self._ready(done, progress)
                whole = Deployed((*done.steps, *ready), done.values, done.files, (*done.notes, *notes))
                named = dict.fromkeys([*done.values, *(s.target for s in whole.steps if s.target)])
                self._noted("deploy", whole.steps, list(named))
                out.append(whole)
        return out

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
                stands = {name: list(words) for name in STANDS if (words := getattr(done, name))}
                self._noted("destroy", done.steps, [part.target.name for part in one.parts], stands)
                out.append(done)
        return out

    def _noted(
        self, what: str, steps: Sequence[Took], names: Sequence[str], stands: Mapping[str, list[str]] | None = None
    ) -> None:
        """Nothing where nothing changed, but for a deployment or a removal that a cut left unnoted."""
        known = {e.get("target") for e in self._store.journal() if (e["event"], e.get("step")) == (EVENT, "deploy")}
        news = [s for s in steps if s.did not in (KEPT, "answered") or (s.target and s.target not in known)]
        last = next((e for e in reversed(self._store.deployments()) if set(names) & set(e["targets"])), None)
        stood = last is not None and (last["what"] == "deploy" or any(name in last for name in STANDS))
        if not news and not (what == "destroy" and stood):
            return
        entry = {"what": what, "targets": list(names), "steps": steps}
        self._store.add_deployment(entry | dict(stands or {}))
        if what == "deploy":
            for name in {step.target: None for step in news if step.target}:
                seconds = round(sum(step.seconds for step in steps if step.target == name), 1)
                self._store.note(EVENT, target=name, step="deploy", seconds=seconds, exit_code=0)


def _targets(workspace: Workspace, names: Sequence[str]) -> list[Target]:
    """As named; else those of the campaign whose platform deploys, and whatever was deployed before."""
    if names:
        return [workspace.to_deploy(name) for name in dict.fromkeys(names)]
    there = [n for n in workspace.target_names if (workspace.root / "targets" / n / deployed.FILE).is_file()]
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
