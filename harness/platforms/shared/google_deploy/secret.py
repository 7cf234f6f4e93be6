"""The provider's bearer key, kept in Secret Manager, where services read it and any machine of the team finds it."""

from __future__ import annotations

import base64

from harness.platforms.shared.deploy.key import new_key
from harness.platforms.shared.google_deploy.access import Resource
from harness.platforms.shared.google_deploy.api import NOT_THERE, SECRETS, THERE, Cloud
from harness.platforms.shared.google_deploy.part import BASE_LABEL, LABEL
from harness.secrecy import KNOWN


class Secret:
    """One secret; the latest of its versions counts: ``version`` is its number, once it was ensured."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self._cloud, self.name, self.version = cloud, name, ""
        self._all = f"/v1/projects/{cloud.project}/secrets"
        self._path = f"{self._all}/{name}"

    @property
    def resource(self) -> Resource:
        return Resource(f"secret {self.name}", SECRETS, self._path)

    def there(self) -> dict[str, object] | None:
        return self._cloud.found(f"secret {self.name}", "get", SECRETS, self._path)

    def ensure(self, given: str | None = None) -> bool:
        """Whether a key was made or set now; ``given``: the one of an endpoint of the team's own, kept from then on."""
        KNOWN.learn("provider key", given)
        if self.there() is None:
            body = {"replication": {"automatic": {}}, "labels": {LABEL: BASE_LABEL}}
            params = {"secretId": self.name}
            self._cloud.found(
                f"secret {self.name}", "post", SECRETS, self._all, none=(THERE,), params=params, body=body
            )
        value = self._value()
        if value is not None and given in (None, value):
            return False
        key = given or new_key()
        KNOWN.learn("provider key", key)
        data = base64.b64encode(key.encode()).decode()
        said = self._cloud.asked(
            f"secret {self.name}", "post", SECRETS, f"{self._path}:addVersion", body={"payload": {"data": data}}
        )
        self.version = str(said.get("name", "")).rpartition("/")[2]
        return True

    def _value(self) -> str | None:
        """None where it has no version yet."""
        said = self._cloud.found(f"secret {self.name}", "get", SECRETS, f"{self._path}/versions/latest:access")
        if said is None:
            return None
        self.version = str(said.get("name", "")).rpartition("/")[2]
        value = base64.b64decode(said["payload"]["data"]).decode()
        KNOWN.learn("provider key", value)
        return value

    def remove(self) -> bool | None:
        """With every version; None where there is none, False where it does not carry the label: that one stays."""
        there = self.there()
        if there is None:
            return None
        if not labelled(there):
            return False
        self._cloud.found(f"secret {self.name}", "delete", SECRETS, self._path, none=(NOT_THERE,))
        return True


def labelled(there: dict[str, object]) -> bool:
    """Whether it is of what targets share."""
    labels = there.get("labels")
    return isinstance(labels, dict) and labels.get(LABEL) == BASE_LABEL
