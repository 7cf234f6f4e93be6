"""One cluster while something is deployed there: its answer, that there is nothing, or an error that says what was being done.

``kubectl proxy`` is what carries a person's own context, whatever that logs in with; where none runs, one is started for
as long as the command works, and ends with it however it ends.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from harness.domain.lines import first_line
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError, Refused
from harness.platforms.shared.rest import RestError

if TYPE_CHECKING:
    from harness.platforms.kubernetes.config import Kubernetes
    from harness.platforms.kubernetes.manifests import Manifest
    from harness.platforms.shared.rest import Rest

MANAGER = "runtime-pilot"  # whose fields are those that it applied
APPLY = "application/apply-patch+yaml"
PROXY, PROXY_AT = "http://127.0.0.1:8001", ("127.0.0.1", 8001)
READY = "Starting to serve on "
OWN_PROXY = (
    'kubectl proxy --port=0 --context="$1" 2>&1 & read -r over; kill $! 2>/dev/null'  # its input ends with this process
)
LOOKS_S = 1.0
MISSING, DENIED, NO_LOGIN, CONFLICT = "HTTP 404", "HTTP 403", "HTTP 401", "HTTP 409"
HINTS: Mapping[str, str] = {
    DENIED: "ask for this permission in the namespace; docs/deploy.md lists what is needed",
    NO_LOGIN: "log in to the cluster again: kubectl get nodes must work, or the token of token_env must be valid",
    "ConnectError": "kubectl proxy must run, or api, token_env and ca_file of [runtime] say where the cluster is",
}
Json = dict[str, Any]
T = TypeVar("T")


class ClusterError(PilotError):
    """A call that the cluster refused; ``code`` as ``HTTP 409``, or the connection's own word."""

    def __init__(self, message: str, code: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.code = code


class Taken(PilotError):
    """Somebody else has set fields of it to other values: a person must say whose hold."""


@dataclass(frozen=True)
class Applied:
    """What one document came to; ``did`` is created, updated or kept."""

    manifest: Manifest
    path: str
    did: str
    object: Json


class Cluster:
    """Over ``api``; ``through``: how it is reached, for a person."""

    def __init__(self, api: Rest, through: str) -> None:
        self._api, self.through = api, through
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}

    def version(self) -> str:
        return str(self.get("the cluster", "/version").get("gitVersion", "of an unknown version"))

    def who(self) -> str | None:
        """None where it does not say, as before 1.28."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        try:
            said = self._ask(
                "who asks", self._api.post, path="/apis/authentication.k8s.io/v1/selfsubjectreviews", body=body
            )
        except ClusterError:
            return None
        name = ((said.get("status") or {}).get("userInfo") or {}).get("username")
        return str(name) if name else None

    def get(self, doing: str, path: str, params: Mapping[str, Any] | None = None) -> Json:
        """Raises ClusterError, also where there is nothing."""
        try:
            return self._ask(doing, self._api.get, path=path, params=params)
        finally:
            self._api.take()  # answers that nobody keeps: some hold secrets

    def found(self, doing: str, path: str) -> Json | None:
        """None where there is nothing."""
        return self._or_none(lambda: self.get(doing, path))

    def rows(self, doing: str, path: str, selector: str | None = None) -> list[Json]:
        """Of a list; none where the cluster knows no such kind."""
        params = {"labelSelector": selector} if selector else None
        said = self._or_none(lambda: self.get(doing, path, params))
        return list((said or {}).get("items") or ())

    def text(self, path: str, params: Mapping[str, Any]) -> str:
        """An answer that is not JSON, such as a log; empty where it cannot be read."""
        try:
            return self._api.text(path, params)
        except RestError:
            return ""

    def create(self, doing: str, path: str, body: Json) -> Json | None:
        """None where somebody made it meanwhile."""
        try:
            return self._ask(doing, self._api.post, path=path, body=body, params={"fieldManager": MANAGER})
        except ClusterError as error:
            if error.code == CONFLICT:
                return None
            raise

    def merge(self, doing: str, path: str, body: Json) -> Json:
        params = {"fieldManager": MANAGER}
        return self._ask(
            doing, self._api.patch, path=path, body=body, params=params, kind="application/merge-patch+json"
        )

    def delete(self, doing: str, path: str, *, last: bool = True) -> bool:
        """False where there is nothing; ``last``: its dependents go before it."""
        params = {"propagationPolicy": "Foreground" if last else "Background"}
        return self._or_none(lambda: self._ask(doing, self._api.delete, path=path, params=params)) is not None

    def apply(self, manifest: Manifest, text: str, *, force: bool = False, dry: bool = False) -> Applied:
        """Server-side, with this program as the fields' manager. Raises ClusterError; a conflict names who else has them."""
        path, doing = self.path_of(manifest), f"{manifest.said} of {manifest.path.name}"
        before = self.found(doing, path)
        params = {"fieldManager": MANAGER, "fieldValidation": "Strict", "force": "true" if force else "false"}
        params |= {"dryRun": "All"} if dry else {}
        after = self._ask(doing, self._api.patch, path=path, body=text, params=params, kind=APPLY)
        return Applied(manifest, path, _did(before, after), after)

    def path_of(self, manifest: Manifest) -> str:
        """Where the API has it; raises Refused for a kind that this cluster does not know."""
        plural, namespaced = self.kind(manifest.api, manifest.kind)
        within = f"/namespaces/{manifest.namespace}" if namespaced and manifest.namespace else ""
        return f"{group_path(manifest.api)}{within}/{plural}/{manifest.name}"

    def kind(self, api: str, kind: str) -> tuple[str, bool]:
        """As its path has it, and whether it is in a namespace."""
        if api not in self._kinds:
            said = self.found(f"the kinds of {api}", group_path(api)) or {}
            rows = [r for r in said.get("resources") or () if "/" not in str(r["name"])]
            self._kinds[api] = {str(r["kind"]): (str(r["name"]), bool(r["namespaced"])) for r in rows}
        if kind not in self._kinds[api]:
            raise Refused(
                f"this cluster knows no {kind} of {api}", f"install what brings {api.partition('/')[0]} first"
            )
        return self._kinds[api][kind]

    def _ask(self, doing: str, method: Callable[..., Json], **request: Any) -> Json:  # noqa: ANN401 - the API's own
        try:
            return method(**{k: v for k, v in request.items() if v is not None})
        except RestError as error:
            code = error.response["Error"]["Code"]
            words = visible(str(error.response["Error"]["Message"]), MOST_SHOWN)
            raise ClusterError(
                f"{doing}: {code}: {words}" if words else f"{doing}: {code}", code, HINTS.get(code)
            ) from None

    def _or_none(self, ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except ClusterError as error:
            if error.code == MISSING:
                return None
            raise


def group_path(api: str) -> str:
    """Of a group and its version; the oldest has no name."""
    return f"/apis/{api}" if "/" in api else f"/api/{api}"


def _did(before: Json | None, after: Json) -> str:
    """A dry run keeps the version of what it would change, so its content is compared."""
    if before is None:
        return "created"
    return "kept" if _content(before) == _content(after) else "updated"


def _content(said: Json) -> Json:
    own = {k: v for k, v in said["metadata"].items() if k not in ("managedFields", "resourceVersion", "generation")}
    return {**{k: v for k, v in said.items() if k != "status"}, "metadata": own}


def conditions(said: Json) -> dict[str, Json]:
    """By their type."""
    return {str(c["type"]): c for c in (said.get("status") or {}).get("conditions") or ()}


Make = Callable[[str, str | None, str | None], "Rest"]


@contextmanager
def reached(config: Kubernetes, make: Make, listens: Callable[[], bool] | None = None) -> Iterator[Cluster]:
    """The cluster that target.toml names, else a running ``kubectl proxy``, else one of this command's own."""
    if config.api != PROXY:
        with closing(make(config.api, config.token_env, config.ca_file)) as api:
            yield Cluster(api, config.api)
    elif (listens or _listens)():
        with closing(make(PROXY, config.token_env, config.ca_file)) as api:
            yield Cluster(api, f"the kubectl proxy at {PROXY}")
    else:
        with own_proxy() as (url, context), closing(make(url, None, None)) as api:
            yield Cluster(api, f"kubectl, context {context}")


def _listens() -> bool:
    try:
        with socket.create_connection(PROXY_AT, LOOKS_S):
            return True
    except OSError:
        return False


@contextmanager
def own_proxy() -> Iterator[tuple[str, str]]:
    """Of kubectl's current context: where it listens, and that context's name."""
    no_way = f"nothing listens at {PROXY}"
    hint = "start kubectl proxy, or let api, token_env and ca_file of [runtime] say where the cluster is"
    if not shutil.which("kubectl"):
        raise Refused(f"{no_way}, and kubectl is not installed", hint)
    asked = ["kubectl", "config", "current-context"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    context = first_line(said.stdout)
    if said.returncode or not context:
        raise Refused(f"{no_way}, and kubectl has no current context", "kubectl config use-context NAME, or " + hint)
    words: Sequence[str] = ["sh", "-c", OWN_PROXY, "sh", context]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        if not line.startswith(READY):
            raise Refused(f"kubectl proxy did not start: {visible(line, MOST_SHOWN)}", hint)
        yield f"http://{line.removeprefix(READY)}", context
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()
