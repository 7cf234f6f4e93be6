"""Whether the credentials that targets need can be found, asked before anything is sent or sealed.

Where each SDK looks: environment, files, a logged-in command line, and this machine's
metadata service. Only the last one needs a connection, to this machine, for at most
``PROBE_S``. That credentials are there does not say that they are allowed to do it.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.domain.address import NOWHERE
from harness.domain.headers import value_problem
from harness.domain.target import Target
from harness.errors import Refused
from harness.platforms import registry
from harness.platforms.shared.aws import session

PROBE_S = 1.0
METADATA = ("169.254.169.254", 80)
AWS_MEND = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
GOOGLE_MEND = "run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS"
ID_TOKEN_MEND = "set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, or run on Google Cloud"  # noqa: S105
AZURE_MEND = "run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"

AUTH = {"aws-sigv4": "aws", "google-id-token": "google-id-token", "azure-token": "azure"}


def require_ready(targets: Iterable[Target]) -> None:
    """Raises Refused for those without an address, else with everything that cannot be found."""
    targets = list(targets)
    if gone := [target.name for target in _with_sides(targets) if target.base_url == NOWHERE]:
        raise Refused(
            f"{', '.join(gone)}: no address: pilot destroy removed it, or the last deployment has none",
            f"pilot deploy {' '.join(gone)}, or set the variable of base_url in target.toml",
        )
    require(targets)


def require(targets: Iterable[Target]) -> None:
    """Raises Refused with everything that cannot be found, for all targets at once."""
    found: dict[str, str | None] = {}
    problems = []
    for target in _with_sides(targets):
        for kind, what in _needs(target).items():
            if kind not in found:
                found[kind] = CHAINS[kind]()
            if found[kind] is not None:
                problems.append(f"{target.name}: {', '.join(what)}: {found[kind]}")
        problems += [f"{target.name}: environment variable {v} is not set" for v in _variables(target)]
        sent = dict.fromkeys([*target.headers_from_env.values(), *_of_sources(target)])
        wrong = {v: value_problem(value) for v in sent if (value := os.environ.get(v))}
        problems += [f"{target.name}: the value of {v} {problem}" for v, problem in wrong.items() if problem]
    if problems:
        lines = ["credentials are missing or cannot be sent:", *dict.fromkeys(problems)]
        raise Refused("\n  - ".join(lines), "log in or export them where pilot runs, then try again")


def _with_sides(targets: Iterable[Target]) -> Iterable[Target]:
    """Each once, and what lies behind a router."""
    return {one.name: one for target in targets for one in (target, *target.behind)}.values()


def _needs(target: Target) -> dict[str, list[str]]:
    """Kinds of credentials, each with the tables of target.toml that need it."""
    out: dict[str, list[str]] = {}
    if (kind := registry.platform_of(target).cloud) is not None:
        out.setdefault(kind, []).append("[runtime]")
    if target.auth is not None and target.auth.kind in AUTH:
        chain = "google" if target.auth.options.get("impersonate") else AUTH[target.auth.kind]
        out.setdefault(chain, []).append(f"[auth] {target.auth.kind}")
    kinds = registry.source_kinds()
    for source in target.sources:
        if (known := kinds.get(source.kind)) and known.cloud:
            out.setdefault(known.cloud, []).append(f"[[sources]] {source.kind}")
    return out


def _variables(target: Target) -> list[str]:
    wanted = [
        *target.headers_from_env.values(),
        *(target.fields.environment if target.fields else ()),
        *_of_sources(target),
        *target.runtime.variables,
    ]
    return [name for name in dict.fromkeys(wanted) if not os.environ.get(name)]


def _of_sources(target: Target) -> list[str]:
    return [str(s.options["env"]) for s in target.sources if s.options.get("env")]


def _aws() -> str | None:
    """AWS as botocore's own chain has it; None where it finds some, else what is wrong and how to fix it."""
    try:
        found = session().get_credentials()
    except ImportError:
        return "boto3 is not installed: pip install 'runtime-pilot[aws]'"
    except Exception as error:  # noqa: BLE001 - every provider of credentials raises its own
        return f"AWS credentials: {error}: check AWS_PROFILE"
    return None if found else f"no AWS credentials: {AWS_MEND}"


def _google() -> str | None:
    """Google's as google-auth looks for them; the metadata server is only looked for, which google-auth would try for seconds."""
    try:
        from google.auth import _cloud_sdk  # noqa: PLC0415
    except ImportError:
        return "google-auth is not installed: pip install 'runtime-pilot[gcp]'"
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return None if Path(named).is_file() else f"GOOGLE_APPLICATION_CREDENTIALS names {named}, which is not there"
    sdk: Any = _cloud_sdk  # untyped, as all of it
    there = Path(sdk.get_application_default_credentials_path()).is_file()
    return None if there or _on_google() else f"no Google credentials: {GOOGLE_MEND}"


def _google_id_token() -> str | None:
    """A person's own login gives no ID token: a service account's key, or the metadata server."""
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if not named:
        return None if _on_google() else f"no Google service account: {ID_TOKEN_MEND}"
    kind = _json(Path(named)).get("type")
    return None if kind else f"GOOGLE_APPLICATION_CREDENTIALS names {named}, which is not a key file: {ID_TOKEN_MEND}"


def _on_google() -> bool:
    if os.environ.get("NO_GCE_CHECK") == "true":
        return False
    if any(os.environ.get(v) for v in ("K_SERVICE", "CLOUD_RUN_JOB", "GCE_METADATA_HOST", "GAE_RUNTIME")):
        return True
    return _listens(METADATA)


def _azure() -> str | None:
    """The parts of azure-identity's chain that can be seen without asking for a token."""
    try:
        import azure.identity  # noqa: F401, PLC0415
    except ImportError:
        return "azure-identity is not installed: pip install 'runtime-pilot[azure]'"
    secrets = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_PASSWORD")
    if os.environ.get("AZURE_CLIENT_ID") and any(os.environ.get(name) for name in secrets):
        return None
    if any(os.environ.get(name) for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT")):
        return None
    folder = Path(os.environ.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")
    signed_in = (
        bool(_json(folder / "azureProfile.json").get("subscriptions")) or (Path.home() / ".azd" / "auth").is_dir()
    )
    return None if signed_in or _listens(METADATA) else f"no Azure credentials: {AZURE_MEND}"


def _listens(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, PROBE_S):
            return True
    except OSError:
        return False


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


CHAINS: Mapping[str, Callable[[], str | None]] = {
    "aws": _aws,
    "google": _google,
    "google-id-token": _google_id_token,
    "azure": _azure,
}
