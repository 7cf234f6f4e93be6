"""The provider's bearer key: kept in the deployment itself, where any machine of the team finds it again, at no cost."""

from __future__ import annotations

from collections.abc import Sequence

from harness.platforms.shared.azure_deploy.arm import Arm, ArmError
from harness.platforms.shared.azure_deploy.part import APP, VERSIONS, Resource
from harness.platforms.shared.deploy.key import new_key
from harness.secrecy import KNOWN

SECRET, SETTING = "provider-key", "RAG_PROVIDER_KEY"  # as the templates call it


class Key:
    """A secret of the provider's app, or of a target's where that asks another model; ``apps`` in the order in which they are read."""

    def __init__(self, arm: Arm, group: str, apps: Sequence[Resource]) -> None:
        self._arm, self._group, self._apps = arm, group, tuple(apps)

    def ensure(self, given: str | None = None) -> tuple[str, bool]:
        """The key, and whether it was made now; ``given``: the one of an endpoint of the team's own, kept from then on."""
        KNOWN.learn("provider key", given)
        if given is not None:
            return given, False
        if (there := self.there()) is not None:
            return there, False
        made = new_key()
        KNOWN.learn("provider key", made)
        return made, True

    def there(self) -> str | None:
        """Of the first app that has one."""
        for app in self._apps:
            try:
                value = self._of(app)
            except ArmError as error:
                if not error.absent:
                    raise
                continue
            if value:
                KNOWN.learn("provider key", value)
                return value
        return None

    def _of(self, app: Resource) -> str | None:
        path, doing = f"{self._group}/providers/{app.path}", f"provider key of {app.name}"
        if app.kind == APP:
            said = self._arm.ask(doing, "POST", f"{path}/listSecrets", VERSIONS[APP]).body
            return next((str(one.get("value")) for one in said.get("value") or () if one.get("name") == SECRET), None)
        said = self._arm.ask(doing, "POST", f"{path}/config/appsettings/list", VERSIONS[app.kind]).body
        return (said.get("properties") or {}).get(SETTING)
