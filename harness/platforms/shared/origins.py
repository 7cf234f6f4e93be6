"""The clouds' REST APIs, each with its own chain of credentials."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping, Sequence

from harness.errors import PilotError, Refused
from harness.platforms.shared.auth.azure_token import AzureToken
from harness.platforms.shared.auth.google import QUOTA, SCOPE, GoogleAccess
from harness.platforms.shared.rest import Rest
from harness.secrecy import KNOWN

AZURE, AZURE_SCOPE = "https://management.azure.com", "https://management.azure.com/.default"


class EnvironmentToken:
    """A token that somebody else keeps fresh."""

    def __init__(self, variable: str) -> None:
        if not os.environ.get(variable):
            raise Refused(f"environment variable {variable} is not set", "export it, or name another in target.toml")
        self._variable = variable
        KNOWN.learn_variables([variable])

    def renew(self) -> float:
        return 60.0

    def headers(self, method: str, url: str, body: bytes, content_type: str | None) -> Mapping[str, str]:
        """Read anew each time: it may have been replaced."""
        del method, url, body, content_type
        return {"Authorization": f"Bearer {os.environ[self._variable]}"}


def google(host: str, project: str | None = None, scopes: Sequence[str] = (SCOPE,)) -> Rest:
    """One of Google Cloud's APIs; ``project``: whose quota a person's own login uses. Raises Refused without google-auth."""
    return Rest(host, GoogleAccess(scopes=scopes), headers={QUOTA: project} if project else {})


def azure() -> Rest:
    """Azure Resource Manager; raises Refused without azure-identity."""
    return Rest(AZURE, AzureToken(AZURE_SCOPE))


def cluster(api: str, token_env: str | None, ca_file: str | None) -> Rest:
    """A cluster's own API, or ``kubectl proxy``; raises PilotError for an authority that cannot be read."""
    verify: ssl.SSLContext | bool = True
    if ca_file is not None:
        try:
            verify = ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise PilotError(
                f"runtime.ca_file {ca_file}: {error.strerror or error}", "runtime.ca_file is a path beside target.toml"
            ) from None
    return Rest(api, EnvironmentToken(token_env) if token_env else None, verify=verify)
