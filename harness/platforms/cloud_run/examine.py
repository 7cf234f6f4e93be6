"""A Cloud Run service before money: its project, its APIs, what the caller may do, and what is deployed.

Verified: spec only; the tests hold requests to the APIs' documented paths with recorded answers.
"""

from __future__ import annotations

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.cloud_run.control import HOST
from harness.platforms.examining import Reach, guarded
from harness.platforms.shared.answer import Answer, NoAnswer, answer_of
from harness.platforms.shared.google_project import MANAGER, apis, billing, not_there, permissions, project
from harness.platforms.shared.provider_url import provider_url_in, variables_of

APIS = ("run.googleapis.com", "artifactregistry.googleapis.com", "monitoring.googleapis.com")
RUN = ("run.services.get", "monitoring.timeSeries.list")
COLD = ("run.services.update",)
DEPLOY = (  # docs/deploy.md has all of them
    "serviceusage.services.enable",
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.setIamPolicy",
    "iam.serviceAccounts.actAs",
    "secretmanager.secrets.create",
    "secretmanager.secrets.setIamPolicy",
    "secretmanager.versions.add",
    "artifactregistry.repositories.create",
    "artifactregistry.repositories.uploadArtifacts",
    "artifactregistry.repositories.downloadArtifacts",  # Cloud Run requires it of whoever deploys the image
    "run.services.create",
    "run.services.setIamPolicy",
)
INVOKE = "run.routes.invoke"


def examine(target: Target, reach: Reach) -> list[Finding]:
    """The project first, then the service where there is one."""
    config = target.runtime
    assert isinstance(config, CloudRun)
    where = f"/v2/projects/{config.project}/locations/{config.region}/services/{config.service}"
    service, found = _service(target, config, where, reach)
    roles = "roles/run.developer and roles/monitoring.viewer"
    if service is None:
        roles = "roles/owner, or the permissions that docs/deploy.md lists"
    wanted = (*RUN, *COLD, *(DEPLOY if service is None else ()))
    title, of = f"permissions for {target.name}", f"/v1/projects/{config.project}"
    out = [*project(reach, config.project), *apis(reach, config.project, APIS, later=service is None)]
    if service is None:
        out += billing(reach, config.project)
    out += permissions(reach, title, MANAGER, of, wanted, roles)
    if service is not None:
        found += permissions(
            reach, f"invoking {target.name}", HOST, where, [INVOKE], f"roles/run.invoker on {config.service}"
        )
        found += provider_url_in(target, lambda: variables_of(service["template"]["containers"]))
    return out + found


def _service(target: Target, config: CloudRun, where: str, reach: Reach) -> tuple[Answer | None, list[Finding]]:
    name = f"the service of {target.name}"
    kept: list[Answer] = []

    def look() -> Finding:
        try:
            said = answer_of(reach.google(HOST).get, {"path": where})
        except NoAnswer as error:
            if not_there(error):
                return Finding(name, State.LATER, f"no service {config.service} in {config.region} yet")
            raise
        condition = said["terminalCondition"]
        state = condition["state"].text()
        kept.append(said)
        if state == "CONDITION_FAILED":
            why = condition["message"].text() if condition["message"].given else "no reason given"
            return Finding(name, State.WRONG, why, "the revision's logs say more")
        return Finding(name, State.GOOD if state == "CONDITION_SUCCEEDED" else State.LATER, state)

    made = guarded(name, look, "roles/run.viewer")
    return (kept[0] if kept else None), made
