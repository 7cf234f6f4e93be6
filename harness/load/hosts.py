"""Whom a run may send load to, and who may steer it: asked at every start, and by every worker for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.domain.address import NOWHERE, is_loopback, problem_of, without_secrets
from harness.errors import NoWorkspace, PilotError, Refused, UndeclaredHost
from harness.workspace import Workspace, find

if TYPE_CHECKING:
    import argparse

    from harness.domain.target import Target


def nearest_workspace() -> Workspace | None:
    """The workspace here or above, None where there is none; raises BadFile for a broken one."""
    try:
        return find()
    except NoWorkspace:
        return None


def may_drive(host: str, workspace: Workspace | None, *, vouched: bool) -> None:
    """Load goes only to declared targets, to loopback, or where the caller vouches for the host; else UndeclaredHost."""
    check_url(host)
    if vouched or is_loopback(urlsplit(host).hostname or ""):
        return
    if workspace is not None and declared_by(workspace, host):
        return
    raise UndeclaredHost(
        f"host {host} is not declared in any target.toml and is not localhost",
        "declare it in targets/NAME/target.toml, or vouch for it with --i-own-this-host",
    )


def check_url(host: str) -> None:
    """Raises Refused for what is no base URL, a declared host's with a password in it too."""
    if host == NOWHERE:
        raise Refused("the target has no address: it is not deployed any more", "pilot deploy makes it again")
    if problem := problem_of(host):
        raise Refused(f"host {without_secrets(host)}: {problem}", "as https://chat.example.com")


def declared_by(workspace: Workspace, host: str) -> Target | None:
    """The target whose base URL, or one of whose lanes, has this origin."""
    wanted = _origin(host)
    for name in workspace.target_names:
        try:
            target = workspace.target(name)
        except PilotError:
            continue  # another target's file is not this run's business
        if wanted in {_origin(url) for url in (target.base_url, *target.lanes) if url}:
            return target
    return None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def check_listeners(parsed: argparse.Namespace) -> None:
    """Whoever reaches the web UI can send load, so beyond this machine it wants a login."""
    host = getattr(parsed, "web_host", "") or "*"
    if not getattr(parsed, "headless", False) and not is_loopback(host) and not getattr(parsed, "web_login", False):
        raise Refused(
            f"--web-host {host}: beyond this machine the web UI wants a login", "add --web-login, or keep to 127.0.0.1"
        )


def check_on_worker(base_url: str, parsed: argparse.Namespace | None) -> None:
    """A worker asks for itself whether it may drive what the master names; raises UndeclaredHost."""
    may_drive(base_url, nearest_workspace(), vouched=bool(getattr(parsed, "i_own_this_host", False)))
