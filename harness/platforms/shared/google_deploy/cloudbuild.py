"""Cloud Build, where no builder works on this machine: an account and a bucket of its own, removed with the rest."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from harness.domain.identities import without_identity
from harness.domain.lines import lines_of
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.deploy.content import Content
from harness.platforms.shared.google_deploy.access import Resource, bind
from harness.platforms.shared.google_deploy.account import Accounts, apis_off, member, turn_on
from harness.platforms.shared.google_deploy.api import BUILDS, NOT_THERE, STORAGE, THERE, Cloud
from harness.platforms.shared.google_deploy.image import Repository
from harness.platforms.shared.google_deploy.part import BASE_LABEL, BUILD_ACCOUNT, LABEL, mail
from harness.platforms.shared.google_deploy.secret import labelled
from harness.platforms.shared.rest import RestError

CLOUD = "cloudbuild"
APIS = ("cloudbuild", "storage")
BUILDER = "gcr.io/cloud-builders/docker"
GOING = frozenset({"PENDING", "QUEUED", "WORKING"})
DENIED = re.compile(r"denied|forbidden|does not have .* access|\b403\b", re.IGNORECASE)
KEEPS_DAYS = 7
TIMEOUT = "1800s"
TAIL = 15


class CloudBuild:
    """Builds in the account."""

    name = "Cloud Build"

    def __init__(self, cloud: Cloud, region: str, repository: Repository) -> None:
        self._cloud, self._region, self._repository = cloud, region, repository
        self._builds = f"/v1/projects/{cloud.project}/locations/{region}/builds"
        self.account = mail(BUILD_ACCOUNT, cloud.project)
        self.bucket = f"{cloud.project.replace(':', '-').replace('.', '-')}-rag-{region}"  # 63 letters at most, which no other project has
        self._b = f"/storage/v1/b/{self.bucket}"

    def push(self, content: Content, image: str, token: str, heard: Heard) -> None:
        """A build of the same content that a cut left running is followed, not started again."""
        del token  # its account may write
        self._ensure()
        try:
            self._built(content, image, heard)
        except PilotError as error:
            if not self._cloud.spreads or not DENIED.search(str(error)):
                raise
            heard.say("Cloud Build: a right that was just given is not known yet; built again in a moment")
            self._cloud.pace.sleep(self._cloud.pace.settle_s)
            self._built(content, image, heard)

    def _built(self, content: Content, image: str, heard: Heard) -> None:
        number = self._running(content.tag)
        if number is None:
            name = f"{content.tag}.zip"
            self._cloud.asked(
                "source of the build",
                "upload",
                STORAGE,
                f"/upload{self._b}/o",
                params={"uploadType": "media", "name": name},
                content=content.zipped(),
                kind="application/zip",
            )
            asked = self._cloud.patient(lambda: self._started(content, image, name), lambda error: error.spreading)
            number = str(asked["metadata"]["build"]["id"])
        self._followed(number, heard)

    def _ensure(self) -> None:
        """APIs, account and bucket, and what the account may do."""
        if off := apis_off(self._cloud, APIS):
            turn_on(self._cloud, off, self._cloud.pace.build_s)
        Accounts(self._cloud).ensure(self.account)
        if self._there() is None:
            body = {
                "name": self.bucket,
                "location": self._region,
                "labels": {LABEL: BASE_LABEL},
                "iamConfiguration": {
                    "uniformBucketLevelAccess": {"enabled": True},
                    "publicAccessPrevention": "enforced",
                },
                "softDeletePolicy": {"retentionDurationSeconds": "0"},  # what is removed is not billed for a week more
                "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": KEEPS_DAYS}}]},
            }
            params = {"project": self._cloud.project}
            self._cloud.found("bucket", "post", STORAGE, "/storage/v1/b", none=(THERE,), params=params, body=body)
        who = [member(self.account)]
        bind(self._cloud, Resource(f"bucket {self.bucket}", STORAGE, self._b, "storage"), "roles/storage.admin", who)
        bind(self._cloud, self._repository.resource, "roles/artifactregistry.writer", who)

    def _there(self) -> dict[str, Any] | None:
        return self._cloud.found("bucket", "get", STORAGE, self._b)

    def _running(self, tag: str) -> str | None:
        rows = self._cloud.every("builds", BUILDS, self._builds, "builds", {"filter": f'tags="{tag}"'})
        return next((str(row["id"]) for row in rows if row.get("status") in GOING), None)

    def _started(self, content: Content, image: str, source: str) -> dict[str, Any]:
        target = ["--target", content.target] if content.target else []
        where = ["--platform", content.platform, "-f", content.dockerfile, *target, "-t", image]
        body = {
            "source": {"storageSource": {"bucket": self.bucket, "object": source}},
            "steps": [{"name": BUILDER, "args": ["build", *where, "."], "env": ["DOCKER_BUILDKIT=1"]}],
            "images": [image],
            "tags": [content.tag, BASE_LABEL],
            "timeout": TIMEOUT,
            "serviceAccount": f"projects/{self._cloud.project}/serviceAccounts/{self.account}",
            "logsBucket": f"gs://{self.bucket}/logs",
            "options": {"logging": "GCS_ONLY"},
        }
        return self._cloud.asked("build", "post", BUILDS, self._builds, body=body)

    def _followed(self, number: str, heard: Heard) -> None:
        began, state = self._cloud.pace.clock(), {}

        def ended() -> bool:
            nonlocal state
            state = self._cloud.asked("build", "get", BUILDS, f"{self._builds}/{number}")
            heard.work(f"Cloud Build: {state.get('status', '')}, {self._cloud.pace.clock() - began:.0f} s")
            return state.get("status") not in GOING

        self._cloud.pace.until("the build", ended, self._cloud.pace.build_s)
        if state.get("status") != "SUCCESS":
            lines = [f"the build ended as {state.get('status')}:", *self._said(state, number)]
            raise PilotError("\n  ".join(lines), "fix what it says; --image names an image that is there already")

    def _said(self, build: dict[str, Any], number: str) -> list[str]:
        """Why it failed, then the last lines of its log."""
        words = [str((build.get("failureInfo") or {}).get("detail") or ""), str(build.get("statusDetail") or "")]
        try:
            log = f"{self._b}/o/{quote(f'logs/log-{number}.txt', safe='')}"
            words += lines_of(self._cloud.client(STORAGE).text(log, {"alt": "media"}))[-TAIL:]
        except (RestError, PilotError):
            pass  # a log is no reason to fail
        return [visible(without_identity(line), MOST_SHOWN) for line in dict.fromkeys(words) if line.strip()]

    def remove(self) -> bool | None:
        """The bucket with what lies in it; None where there is none, False where it does not carry the label: that one stays."""
        there = self._there()
        if there is None:
            return None
        if not labelled(there):
            return False
        for row in self._cloud.every("bucket", STORAGE, f"{self._b}/o", "items"):
            self._cloud.found("bucket", "delete", STORAGE, f"{self._b}/o/{quote(str(row['name']), safe='')}")
        self._cloud.found("bucket", "delete", STORAGE, self._b, none=(NOT_THERE,))
        return True
