"""Why a Cloud Run service is not ready: the cause first, then what its revision and its log say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.shared.google_deploy.api import LOGS, Cloud

MOST_LINES = 4
GENERAL = ("Ready", "ConfigurationsReady", "RoutesReady")  # they repeat what another one says
LATE = r"permission denied on secret|secretmanager"  # what a right that was just given looks like until it is known
HINTS: tuple[tuple[str, str], ...] = (  # by what is in the cause
    (LATE, "access that was just given takes some minutes: the same command again"),
    (r"quota|limit exceeded|exceeds .*limit", "raise the quota that is named, then try again"),
    (r"image .*not found|failed to import|manifest|pull", "the image must be there, for linux/amd64"),
    (r"failed to start|health ?check|startup|PORT", "the container starts and does not answer: its log says why"),
    (r"memory limit|out of memory", "more memory_gib in [prices] of target.toml gives it more"),
    (r"permission|denied|actAs", "the account that deploys needs this permission"),
)


class NotReady(PilotError):
    """``late``: it lacked a right that may only be too new."""

    def __init__(self, message: str, hint: str, *, late: bool) -> None:
        super().__init__(message, hint)
        self.late = late


def failure_of(cloud: Cloud, host: str, name: str, there: Mapping[str, Any]) -> NotReady:
    """Of a service as its API has it; what cannot be read is left out."""
    status = there.get("status", {})
    revision = str(status.get("latestCreatedRevisionName") or "")
    said = _conditions(_revision(cloud, host, revision)) if revision else []
    causes = list(dict.fromkeys([*said, *_conditions(there)])) or ["no condition says why"]
    lines = [f"service {name} is not ready", f"  cause: {causes[0]}"]
    lines += [f"  log:   {line}" for line in (_log(cloud, name, revision) if revision else ())]
    lines += [f"  then:  {words}" for words in causes[1:MOST_LINES]]
    hint = next((hint for pattern, hint in HINTS if re.search(pattern, causes[0], re.IGNORECASE)), None)
    late = re.search(LATE, causes[0], re.IGNORECASE) is not None
    return NotReady("\n".join(lines), hint or "fix what the cause names, then the same command again", late=late)


def _revision(cloud: Cloud, host: str, name: str) -> Mapping[str, Any]:
    path = f"/apis/serving.knative.dev/v1/namespaces/{cloud.project}/revisions/{name}"
    try:
        return cloud.found(f"revision {name}", "get", host, path) or {}
    except PilotError:
        return {}


def _conditions(there: Mapping[str, Any]) -> list[str]:
    """Of those that failed, the particular ones first."""
    rows = [row for row in there.get("status", {}).get("conditions", ()) if row.get("status") == "False"]
    rows.sort(key=lambda row: row.get("type") in GENERAL)
    return list(dict.fromkeys(_words(row) for row in rows))


def _words(row: Mapping[str, Any]) -> str:
    why = visible(without_identity(str(row.get("message") or "no reason given")), MOST_SHOWN)
    return f"{row['reason']}: {why}" if row.get("reason") else why


def _log(cloud: Cloud, name: str, revision: str) -> list[str]:
    """The last lines that the revision wrote, oldest first."""
    where = f'resource.type="cloud_run_revision" AND resource.labels.service_name="{name}"'
    body = {
        "resourceNames": [f"projects/{cloud.project}"],
        "filter": f'{where} AND resource.labels.revision_name="{revision}" AND severity>=DEFAULT',
        "orderBy": "timestamp desc",
        "pageSize": MOST_LINES,
    }
    try:
        rows = cloud.asked("log", "post", LOGS, "/v2/entries:list", body=body).get("entries", ())
    except PilotError:
        return []
    said = [str(row.get("textPayload") or (row.get("jsonPayload") or {}).get("message") or "") for row in rows]
    return [visible(without_identity(line.strip()), MOST_SHOWN) for line in reversed(said) if line.strip()]
