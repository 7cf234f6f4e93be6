"""A project of Google Cloud in memory, as far as a deployment asks it: every call is counted, and one of them can be the last.

Operations and services take a few looks to end, APIs that were just turned on are refused for a while, and so is a policy that
names an account that was just made. Policies are written by their etag alone. ``google_published`` holds calls and answers to what
Google publishes.
"""

import base64
import copy
import itertools
import json
import re
from urllib.parse import unquote

import httpx

from harness.platforms.shared.call_policy import CallPolicy
from harness.platforms.shared.rest import Rest, RestError
from tests.peers.cuts import Calls

PROJECT, NUMBER, REGION = "shop-pilot", "1234567890", "europe-west1"
HERE = f"projects/{PROJECT}/locations/{REGION}"
DIGEST = "sha256:" + "b" * 64
LOOKS = 2
USER = "user:ann@example.com"
ROUTES = []


class Refuses(Exception):
    def __init__(self, status, name, message):
        super().__init__(message)
        self.status, self.body = status, {"error": {"code": status, "status": name, "message": message}}


def missing(what):
    return Refuses(404, "NOT_FOUND", f"{what} was not found")


def route(method, host, path):
    def add(handler):
        ROUTES.append((method, host, re.compile(path), handler))
        return handler

    return add


class Google(Calls):
    """A project with nothing in it."""

    def __init__(self, cut_at=None, *, after=False, email="ann@example.com", held=None):
        super().__init__(cut_at, after=after)
        self.email, self.held, self.asked = email, held, []
        self.on, self.young = {"serviceusage"}, {}
        self.accounts, self.secrets, self.repositories, self.tags = {}, {}, {}, {}
        self.buckets, self.objects, self.builds = {}, {}, {}
        self.services, self.policies, self.operations = {}, {}, {}
        self.denied, self.fails, self.leftover, self.logs = set(), {}, [], []
        self.pushes, self.state, self.quotas, self.unpaid = 0, "ACTIVE", set(), False
        self.late_rights, self.late_tokens, self.refused, self.url = 0, 0, set(), None
        self._ticks = itertools.count(1)

    def tick(self):
        return next(self._ticks)

    def make(self, host, project):
        assert project == PROJECT
        return Client(self, host)

    @property
    def empty(self):
        policy = self.policies.get("project", {}).get("bindings", [])
        return not (
            self.services
            or self.secrets
            or self.repositories
            or self.buckets
            or self.objects
            or self.accounts
            or policy
        )

    def answer(self, method, host, path, params, body=None, content=None):
        """One call: the process may end at it."""
        return self.step(lambda: self._answered(method, host, path, params, body, content))

    def _answered(self, method, host, path, params, body, content):
        if self.held is not None:
            self.held(method, host, path, params, body)
        self.asked.append((method, host, path, params, body))
        said = copy.deepcopy(self._carried_out(method, host, path, params, body, content))
        if self.held is not None:
            self.held.answered(method, host, path, said)
        return said

    def _carried_out(self, method, host, path, params, body, content):
        name = host.removeprefix("https://").removesuffix(".googleapis.com").removeprefix(f"{REGION}-")
        if name in self.denied or f"{method} {path}" in self.denied:
            raise Refuses(403, "PERMISSION_DENIED", f"Permission denied on {name}")
        if name not in (*self.on, "www"):
            raise Refuses(
                403, "PERMISSION_DENIED", f"{name} API has not been used in project {NUMBER} before or it is disabled."
            )
        if self.young.get(name, 0) > 0:
            self.young[name] -= 1
            raise Refuses(403, "PERMISSION_DENIED", f"{name} API has not been used in project {NUMBER} before")
        for verb, of, pattern, handler in ROUTES:
            if verb == method and of == name and (found := pattern.fullmatch(path)):
                said = [unquote(group) for group in found.groups()]
                return handler(self, *said, params=params, body=content if content is not None else body)
        raise AssertionError(f"this project knows no {method} {host}{path}")

    def operation(self, api, done):
        """A long one, which ends when it was looked at often enough."""
        name = f"operations/{api}-{self.tick()}" if api == "usage" else f"{HERE}/operations/{api}-{self.tick()}"
        self.operations[name] = [LOOKS, done]
        return {"name": name, "done": False}

    def looked(self, name):
        if name not in self.operations:
            raise missing(name)
        row = self.operations[name]
        row[0] -= 1
        if row[0] == 0:
            row[1]()
        return {"name": name, "done": row[0] <= 0, **({"response": {}} if row[0] <= 0 else {})}

    def members(self, key, role):
        rows = self.policies.get(key, {}).get("bindings", ())
        return {m for row in rows if row["role"] == role and "condition" not in row for m in row["members"]}


class Client:
    """As ``Rest`` is asked, without a wire."""

    def __init__(self, google, host):
        self._google, self._host = google, host

    def _ask(self, method, path, params=None, body=None, content=None):
        body = None if body is None else json.loads(json.dumps(body))
        try:
            return self._google.answer(method, self._host, path, dict(params or {}), body, content)
        except Refuses as error:
            said = error.body["error"]
            raise RestError(f"HTTP {error.status}", f"{said['status']} {said['message']}") from None

    def get(self, path, params=None):
        return self._ask("GET", path, params)

    def post(self, path, params=None, body=None):
        return self._ask("POST", path, params, body)

    def put(self, path, params=None, body=None):
        return self._ask("PUT", path, params, body)

    def delete(self, path, params=None):
        return self._ask("DELETE", path, params)

    def upload(self, path, params, content, kind):
        assert kind == "application/zip"
        return self._ask("POST", path, params, content=content)

    def text(self, path, params=None):
        return self._ask("GET", path, params)["text"]


def over_a_wire(google):
    """Clients as the program has them, with this project behind their transport."""

    def client(host, project):
        def answer(request):
            path, _, _ = request.url.raw_path.decode().partition("?")
            many = request.url.params
            params = {k: many.get_list(k) if k == "names" else many[k] for k in many}
            params = {
                k: int(v) if isinstance(v, str) and v.isdigit() and k != "secretId" else v for k, v in params.items()
            }
            kind = request.headers.get("content-type", "")
            google.quotas.add(request.headers.get("x-goog-user-project"))
            content = request.content if kind == "application/zip" else None
            body = json.loads(request.content) if request.content and content is None else None
            try:
                said = google.answer(request.method, host, path, params, body, content)
            except Refuses as error:
                return httpx.Response(error.status, json=error.body)
            return httpx.Response(200, text=said["text"]) if "text" in said else httpx.Response(200, json=said)

        return Rest(
            host,
            headers={"x-goog-user-project": project},
            transport=httpx.MockTransport(answer),
            policy=CallPolicy(tries=1),
        )

    return client


# -- who, where, APIs


@route("GET", "www", "/oauth2/v2/userinfo")
def who(google, params, body):
    if google.email is None:
        raise Refuses(401, "UNAUTHENTICATED", "Request is missing required authentication credential.")
    return {"email": google.email, "id": "1"}


@route("GET", "cloudresourcemanager", f"/v1/projects/{PROJECT}")
def project(google, params, body):
    return {"projectId": PROJECT, "projectNumber": NUMBER, "lifecycleState": google.state}


@route("GET", "serviceusage", f"/v1/projects/{PROJECT}/services:batchGet")
def apis(google, params, body):
    names = params["names"]
    states = {name: name.rpartition("/")[2].partition(".")[0] in google.on for name in names}
    return {"services": [{"name": n, "state": "ENABLED" if on else "DISABLED"} for n, on in states.items()]}


@route("POST", "serviceusage", f"/v1/projects/{PROJECT}/services:batchEnable")
def enable(google, params, body):
    names = [name.partition(".")[0] for name in body["serviceIds"]]
    assert len(names) <= 20
    if google.unpaid:
        raise Refuses(
            400, "FAILED_PRECONDITION", f"Billing account for project '{NUMBER}' is not found. Billing must be enabled"
        )

    def done():
        google.young |= {name: LOOKS for name in names if name not in google.on}
        google.on |= set(names)

    return google.operation("usage", done)


@route("GET", "serviceusage", "/v1/(operations/.*)")
def usage_operation(google, name, params, body):
    return google.looked(name)


# -- accounts and policies


@route("GET", "iam", f"/v1/projects/{PROJECT}/serviceAccounts/([^:]+)")
def account(google, email, params, body):
    if email not in google.accounts:
        raise missing(f"Account {email}")
    return google.accounts[email]["said"]


@route("POST", "iam", f"/v1/projects/{PROJECT}/serviceAccounts")
def make_account(google, params, body):
    email = f"{body['accountId']}@{PROJECT}.iam.gserviceaccount.com"
    assert re.fullmatch("[a-z][a-z0-9-]{4,28}[a-z0-9]", body["accountId"])
    if email in google.accounts:
        raise Refuses(409, "ALREADY_EXISTS", f"Service account {body['accountId']} already exists")
    said = {"name": f"projects/{PROJECT}/serviceAccounts/{email}", "email": email, **body["serviceAccount"]}
    google.accounts[email] = {"said": said, "young": LOOKS, "unseen": LOOKS}
    return said


@route("DELETE", "iam", f"/v1/projects/{PROJECT}/serviceAccounts/([^:]+)")
def remove_account(google, email, params, body):
    if google.accounts.pop(email, None) is None:
        raise missing(email)
    google.policies.pop(f"account {email}", None)
    return {}


def policy(google, key):
    return google.policies.setdefault(key, {"version": 1, "etag": "BwA0"})


def write_policy(google, key, wanted):
    if wanted.get("etag") != policy(google, key)["etag"]:
        raise Refuses(409, "ABORTED", "There were concurrent policy changes.")
    for one in (m for row in wanted.get("bindings", ()) for m in row["members"]):
        kind, _, email = one.partition(":")
        if kind != "serviceAccount" or not email.endswith(f"{PROJECT}.iam.gserviceaccount.com"):
            continue
        there = google.accounts.get(email)
        if there is None or there["young"] > 0:
            if there is not None:
                there["young"] -= 1
            raise Refuses(400, "INVALID_ARGUMENT", f"Service account {email} does not exist.")
    google.policies[key] = {**wanted, "etag": f"BwA{google.tick()}"}
    return google.policies[key]


def with_policy(host, path, what, reads="GET"):
    """How one kind of resource is asked who may do what with it."""

    @route(reads, host, f"{path}:getIamPolicy")
    def read(google, *names, params, body):
        said = params.get("options.requestedPolicyVersion") or body["options"]["requestedPolicyVersion"]
        assert said == 3
        return policy(google, there(google, names))

    @route("POST", host, f"{path}:setIamPolicy")
    def write(google, *names, params, body):
        return write_policy(google, there(google, names), body["policy"])

    def there(google, names):
        kind, rows = what(google)
        if rows is not None and names[0] not in rows:
            raise missing(f"{kind} {names[0]}")
        if kind == "account" and rows[names[0]]["unseen"] > 0:  # Google says: for up to 60 seconds after it was made
            rows[names[0]]["unseen"] -= 1
            raise missing(f"{kind} {names[0]}")
        return f"{kind} {names[0]}" if names else kind


with_policy("iam", f"/v1/projects/{PROJECT}/serviceAccounts/([^:]+)", lambda g: ("account", g.accounts), "POST")
with_policy("secretmanager", f"/v1/projects/{PROJECT}/secrets/([^:]+)", lambda g: ("secret", g.secrets))
with_policy("artifactregistry", f"/v1/{HERE}/repositories/([^:]+)", lambda g: ("repository", g.repositories))
with_policy("run", f"/v2/{HERE}/services/([^:]+)", lambda g: ("service", g.services))
with_policy("cloudresourcemanager", f"/v1/projects/{PROJECT}", lambda g: ("project", None), "POST")


@route("POST", "iamcredentials", "/v1/projects/-/serviceAccounts/([^:]+):generateIdToken")
def id_token(google, email, params, body):
    assert body["includeEmail"]
    assert body["audience"].startswith("https://")
    known = google.members(f"account {email}", "roles/iam.serviceAccountOpenIdTokenCreator")
    if google.late_tokens:
        google.late_tokens, known = google.late_tokens - 1, set()
    if USER not in known:
        raise Refuses(403, "PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getOpenIdToken' denied")
    return {"token": "eyJhbGciOi.eyJhdWQi.c2ln"}


# -- the key


@route("GET", "secretmanager", f"/v1/projects/{PROJECT}/secrets/([^:/]+)")
def secret(google, name, params, body):
    if name not in google.secrets:
        raise missing(f"Secret {name}")
    return {key: value for key, value in google.secrets[name].items() if key != "versions"}


@route("POST", "secretmanager", f"/v1/projects/{PROJECT}/secrets")
def make_secret(google, params, body):
    name = params["secretId"]
    if name in google.secrets:
        raise Refuses(409, "ALREADY_EXISTS", f"Secret {name} already exists.")
    google.secrets[name] = {"name": f"projects/{NUMBER}/secrets/{name}", **body, "versions": []}
    return secret(google, name, params, body)


@route("POST", "secretmanager", f"/v1/projects/{PROJECT}/secrets/([^:/]+):addVersion")
def add_version(google, name, params, body):
    google.secrets[name]["versions"].append(base64.b64decode(body["payload"]["data"]).decode())
    return {"name": f"projects/{NUMBER}/secrets/{name}/versions/{len(google.secrets[name]['versions'])}"}


@route("GET", "secretmanager", f"/v1/projects/{PROJECT}/secrets/([^:/]+)/versions/latest:access")
def access(google, name, params, body):
    if not google.secrets.get(name, {}).get("versions"):
        raise missing(f"Secret {name} or its versions")
    versions = google.secrets[name]["versions"]
    data = base64.b64encode(versions[-1].encode()).decode()
    return {"name": f"projects/{NUMBER}/secrets/{name}/versions/{len(versions)}", "payload": {"data": data}}


@route("DELETE", "secretmanager", f"/v1/projects/{PROJECT}/secrets/([^:/]+)")
def remove_secret(google, name, params, body):
    if google.secrets.pop(name, None) is None:
        raise missing(name)
    google.policies.pop(f"secret {name}", None)
    return {}


@route("GET", "secretmanager", f"/v1/projects/{PROJECT}/secrets")
def secrets(google, params, body):
    return {"secrets": [secret(google, name, params, body) for name in google.secrets]}


# -- images


@route("GET", "artifactregistry", f"/v1/{HERE}/repositories/([^:/]+)")
def repository(google, name, params, body):
    there = google.repositories.get(name, {"whole": False})
    if not there["whole"]:  # it goes on being made, whoever waits for it
        google.looked(there["made by"]) if "made by" in there else None
        raise missing(f"Repository {name}")
    return google.repositories[name]["said"]


@route("POST", "artifactregistry", f"/v1/{HERE}/repositories")
def make_repository(google, params, body):
    name = params["repositoryId"]
    if name in google.repositories:
        raise Refuses(409, "ALREADY_EXISTS", "the repository already exists")
    assert body["dockerConfig"]["immutableTags"]
    google.repositories[name] = {"said": {"name": f"{HERE}/repositories/{name}", **body}, "whole": False}

    def done():
        google.repositories[name]["whole"] = True

    said = google.operation("registry", done)
    google.repositories[name]["made by"] = said["name"]
    return said


@route("GET", "artifactregistry", f"/v1/({HERE}/operations/.*)")
def registry_operation(google, name, params, body):
    return google.looked(name)


@route("GET", "artifactregistry", f"/v1/{HERE}/repositories/([^:/]+)/packages/([^/]+)/tags/([^/]+)")
def tag(google, repository, package, name, params, body):
    if (repository, package, name) not in google.tags:
        raise missing(f"tag {name}")
    whole = f"{HERE}/repositories/{repository}/packages/{package}"
    return {"name": f"{whole}/tags/{name}", "version": f"{whole}/versions/{google.tags[repository, package, name]}"}


@route("DELETE", "artifactregistry", f"/v1/{HERE}/repositories/([^:/]+)")
def remove_repository(google, name, params, body):
    if name not in google.repositories:
        raise missing(name)

    def done():
        google.repositories.pop(name, None)
        google.policies.pop(f"repository {name}", None)
        for one in [t for t in google.tags if t[0] == name]:
            google.tags.pop(one)

    return google.operation("registry", done)


@route("GET", "artifactregistry", f"/v1/{HERE}/repositories")
def repositories(google, params, body):
    return {"repositories": [row["said"] for row in google.repositories.values()]}


def pushed(google, image):
    """As a builder pushes it: REGION-docker.pkg.dev/PROJECT/REPOSITORY/NAME:TAG."""
    _, project, repository, name = image.partition(":")[0].split("/")
    assert project == PROJECT
    assert google.repositories[repository]["whole"]
    google.tags[repository, name, image.partition(":")[2]] = DIGEST
    google.pushes += 1


class Pushing:
    """A builder of this machine: its push is a call that can be the last."""

    name = "pushing"

    def __init__(self, google):
        self._google = google

    def push(self, content, image, token, heard):
        assert base64.b64decode(token) == b"oauth2accesstoken:ya29.token"
        self._google.step(lambda: pushed(self._google, image))
