"""Azure Resource Manager in memory, as far as a deployment asks it, with the registry, the blob store and the app's own host
that it hands on to: every call is counted, and one of them can be the last.

Written from Azure's documentation: operations that are polled, one deployment of a name at a time, tags that a PUT
replaces, providers that must be registered, roles that must be assigned before an image is pulled or a package is read.
Templates are really evaluated; what they make may be held to Azure's own models.
"""

import copy
import itertools
import json
import re

import httpx

from tests.peers.arm_hosts import LOOKS, TOKEN, Hosts, Refusal, ok
from tests.peers.arm_template import Evaluated, InvalidTemplate, identity_of, ordered, values
from tests.peers.cuts import Calls
from tests.published import unknown

SUBSCRIPTION = "0a1b2c3d-0000-4000-8000-000000000001"
MANAGEMENT = "management.azure.com"
PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"  # the role that pulls images
ROLE, DEPLOYMENT = "Microsoft.Authorization/roleAssignments", "Microsoft.Resources/deployments"
BLANK = {"properties": {"provisioningState": ""}}
NO_TAGS = (ROLE, "Microsoft.Storage/storageAccounts/blobServices/containers")


class Token:
    """Of somebody who is logged in."""

    def renew(self):
        return 60.0

    def headers(self, method, url, body, content_type):
        return {"Authorization": f"Bearer {TOKEN}"}


class Azure(Calls, Hosts):
    """A subscription; ``models`` of Azure's own that what is made is held to, by type."""

    def __init__(self, cut_at=None, *, after=False, models=None):
        super().__init__(cut_at, after=after)
        self.models, self.asked = models or {}, []
        self.state, self.registered = "Enabled", {"Microsoft.Authorization", "Microsoft.Resources"}
        self.groups, self.resources, self.roles, self.records = {}, {}, {}, {}
        self.operations, self.images, self.uploads, self.runs, self.code = {}, {}, {}, {}, {}
        self.fails, self.denied, self.kept, self.builds, self.cancelled = {}, (), [], 0, []
        self.role_late = self.pull_late = 0  # how often a package, or a pull, is refused before its role is seen
        self.duration = "PT1M2.5S"  # of each deployment
        self.taken = set()  # names of registries that are others'
        self.busy = {}  # by deployment: somebody else's comes first, once
        self.registering, self.ghosts = {}, []  # what a group still lists although it is gone
        self._ids = itertools.count(1)

    def copy(self):
        """As it stands, to go another way from here."""
        made = copy.deepcopy(self)
        made.calls, made.asked, made.cut_at = 0, [], None
        return made

    @property
    def empty(self):
        return not (self.groups or self.resources or self.roles or self.records)

    def handle(self, request):
        """For httpx.MockTransport."""
        return self.step(lambda: self._answered(request))

    def _answered(self, request):
        host, path = request.url.host, request.url.path
        self.asked.append((request.method, host, path))
        try:
            if host == MANAGEMENT:
                return self._managed(request, path)
            if host.endswith(".azurecr.io"):
                return self._registry(request, host, path)
            if host.endswith(".scm.azurewebsites.net"):
                return self._kudu(request, host.partition(".")[0], path)
            return self._blob(request, host, path)
        except Refusal as refusal:
            return refusal.answer

    # -- Resource Manager

    def _managed(self, request, path):
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        if path.startswith("/operations/"):
            return self._operation(path)
        assert request.url.params["api-version"], path
        if any(word in path for word in self.denied):
            raise Refusal(
                403, "AuthorizationFailed", f"The client does not have authorization to perform action {path}"
            )
        root = f"/subscriptions/{SUBSCRIPTION}"
        assert path.startswith(root), path
        below = path.removeprefix(root)
        body = json.loads(request.content) if request.content else None
        if below == "":
            return ok({"subscriptionId": SUBSCRIPTION, "displayName": "Pilots", "state": self.state})
        if found := re.fullmatch(r"/providers/([\w.]+)(/register)?", below):
            return self._provider(found[1], register=bool(found[2]))
        if found := re.fullmatch(
            r"/providers/Microsoft\.(OperationalInsights/deletedWorkspaces|Web/deletedSites)", below
        ):
            return ok({"value": [row for row in self.kept if row["of"] in below]})
        found = re.fullmatch(r"/resourceGroups/([\w.-]+)(?:/(.+))?", below, re.IGNORECASE)
        assert found, below
        return self._group(request, found[1], found[2] or "", body)

    def _provider(self, name, *, register):
        if register:
            assert name in ("Microsoft.App", *KNOWN_PROVIDERS), name
            self.registering[name] = LOOKS
        state = "Registered" if name in self.registered else "NotRegistered"
        if name in self.registering and not register:
            self.registering[name] -= 1
            state = "Registering"
            if self.registering[name] <= 0:
                self.registered.add(name)
                del self.registering[name]
        return ok({"namespace": name, "registrationState": state})

    def _group(self, request, name, rest, body):
        group = self.groups.get(name)
        if rest == "":
            return getattr(self, f"_group_{request.method.lower()}")(name, group, body)
        if group is None:
            raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
        path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"
        if rest == "resources":
            return ok({"value": self._listed(path, request.url.params.get("$filter"))})
        if found := re.fullmatch(rf"providers/{DEPLOYMENT}/([^/]+)(/operations|/cancel)?", rest):
            return self._deployment(request.method, World(self, path, group["location"]), found[1], found[2], body)
        return self._resource(request, f"{path}/{rest}", body)

    def _group_get(self, name, group, body):
        if group is None:
            raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
        if group["properties"]["provisioningState"] == "Deleting":
            group["looks"] -= 1
            if group["looks"] <= 0:
                del self.groups[name]
        return ok(group)

    def _group_put(self, name, group, body):
        if group is not None and group["location"] != body["location"]:
            raise Refusal(409, "InvalidResourceGroupLocation", "it exists in another location")
        properties = {"provisioningState": "Succeeded"}
        self.groups[name] = {"name": name, **body, "properties": properties}
        return ok(self.groups[name])

    def _group_delete(self, name, group, body):
        self._group_get(name, group, body)
        group |= {"properties": {"provisioningState": "Deleting"}, "looks": LOOKS}
        prefix = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}/".lower()
        for rows in (self.resources, self.roles, self.records):
            for key in [key for key in rows if key.startswith(prefix)]:
                del rows[key]
        return self._begun(202, "location", {"gone": name})

    def _listed(self, path, said):
        rows = [r for k, r in self.resources.items() if k.startswith(path.lower() + "/") and top(r)] + self.ghosts
        if said is not None:
            key, value = re.fullmatch(r"tagName eq '([^']+)' and tagValue eq '([^']+)'", said).groups()
            rows = [row for row in rows if (row.get("tags") or {}).get(key) == value]
        return [{name: row.get(name) for name in ("id", "name", "type", "location", "tags")} for row in rows]

    def _begun(self, status, header, then, body=None):
        """An operation that goes on; it is polled at an address of its own."""
        number = next(self._ids)
        self.operations[str(number)] = {"looks": LOOKS, **then}
        port = ":443" if header == "location" else ""  # some providers say it
        headers = {header: f"https://{MANAGEMENT}{port}/operations/{number}", "Retry-After": "3"}
        return httpx.Response(status, json=body or {}, headers=headers)

    def _time_passes(self, key):
        """What was begun goes on by itself, whoever looks at it."""
        for number, said in self.operations.items():
            if str(said.get("made")).startswith(key):
                self._operation("", number)

    def _operation(self, path, number=None):
        said = self.operations[number or path.rpartition("/")[2]]
        said["looks"] -= 1
        busy = said["looks"] > 0
        if "gone" in said:
            return httpx.Response(202 if busy else 200)
        if not busy and (row := self.resources.get(said["made"])) is not None:
            row["properties"]["provisioningState"] = "Succeeded"
        return ok({"status": "InProgress" if busy else "Succeeded"})

    # -- deployments

    def _deployment(self, method, world, name, more, body):
        key = f"{world.group}/{name}".lower()
        there = self.records.get(key)
        if method == "PUT":
            return self._deploy(world, key, name, there, body)
        if there is None:
            raise Refusal(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
        if more == "/operations":
            return ok({"value": there["operations"]})
        if more == "/cancel":
            if there["properties"]["provisioningState"] != "Running":
                raise Refusal(409, "DeploymentCannotBeCancelled", "it is over")
            there["properties"]["provisioningState"] = "Canceled"
            self.cancelled.append(name)
            return httpx.Response(204)
        if method == "DELETE":
            del self.records[key]
            return self._begun(202, "location", {"gone": name})
        if there["properties"]["provisioningState"] == "Running":
            there["looks"] -= 1
            if there["looks"] <= 0:
                self._carried_out(world, there)
        return ok({k: v for k, v in there.items() if k not in ("looks", "operations", "template", "given")})

    def _deploy(self, world, key, name, there, body):
        if self.busy.pop(name, None) or (there or BLANK)["properties"]["provisioningState"] == "Running":
            raise Refusal(409, "DeploymentActive", "a previous deployment is still active")
        said = body["properties"]
        assert said["mode"] == "Incremental"
        try:
            given = values(said["template"], said["parameters"])
        except InvalidTemplate as error:
            raise Refusal(400, "InvalidTemplate", str(error)) from None
        for resource in said["template"]["resources"]:
            provider = resource["type"].partition("/")[0]
            if provider not in self.registered:
                raise Refusal(409, "MissingSubscriptionRegistration", f"not registered to use namespace '{provider}'")
        secret = {n for n, p in said["template"]["parameters"].items() if p["type"] == "securestring"}
        told = {
            n: {"type": "x", **({} if n in secret else {"value": Evaluated(given, world).of(v)})}
            for n, v in given.items()
        }
        properties = {"provisioningState": "Running", "parameters": told, "timestamp": "2026-11-27T10:00:00Z"}
        kept = {"template": said["template"], "given": given, "looks": LOOKS, "operations": []}
        self.records[key] = {"name": name, "tags": body.get("tags") or {}, "properties": properties, **kept}
        return self._begun(201, "azure-asyncoperation", {"made": key}, {"properties": properties})

    def _carried_out(self, world, there):
        """Each resource in the order of dependsOn; after one that fails nothing that waits for it is made."""
        evaluated = Evaluated(there["given"], world)
        rows = []
        for resource in there["template"]["resources"]:
            known = {
                n: evaluated.of(resource[n])
                for n in ("type", "name", "scope", "dependsOn", "condition")
                if n in resource
            }
            rows.append({**known, "body": resource})
        properties, made, failed = there["properties"], [], False
        for row in ordered([row for row in rows if row.get("condition", True)], world):
            identity, operation = identity_of(row, world), None
            try:
                if failed and any(
                    d.lower() not in self.resources and d.lower() not in self.roles for d in row.get("dependsOn", ())
                ):
                    continue
                self._put(world, identity, row, evaluated.of(row["body"]))
                made.append({"id": identity})
            except Refusal as refusal:
                failed, operation = True, refusal.answer.json()
            there["operations"].append(self._said(row, operation))
        outputs = {} if failed else there["template"]["outputs"]
        properties |= {"provisioningState": "Failed" if failed else "Succeeded", "duration": self.duration}
        properties |= {
            "outputs": {n: {**o, "value": evaluated.of(o["value"])} for n, o in outputs.items()},
            "outputResources": made,
        }
        if failed:
            properties["error"] = {
                "code": "DeploymentFailed",
                "message": "At least one resource deployment operation failed.",
            }

    def _said(self, row, error):
        target = {"resourceType": row["type"], "resourceName": row["name"], "id": "x"}
        state = "Failed" if error else "Succeeded"
        properties = {"provisioningOperation": "Create", "provisioningState": state, "targetResource": target}
        properties["timestamp"] = f"2026-11-27T10:{next(self._ids):06d}Z"
        if error:
            properties["statusMessage"] = {"status": "Failed", **error}
        return {"operationId": str(next(self._ids)), "properties": properties}

    def _put(self, world, identity, row, body):
        """One resource as a template has it."""
        kind, name = row["type"], row["name"]
        if (reason := self.fails.get(name)) is not None:
            details = [{"code": reason[0], "message": reason[1]}]
            raise Refusal(409, "ResourceDeploymentFailure", "The resource write operation failed to complete.", details)
        if kind == ROLE:
            return self._assign(identity, body)
        shown = {k: v for k, v in body.items() if k not in ("apiVersion", "dependsOn", "scope", "condition")}
        if (model := self.models.get(kind)) is not None:
            assert unknown(model, shown) == []
        assert kind in NO_TAGS or body["tags"], f"{kind} without a tag"
        before = self.resources.get(identity.lower())
        made = {**shown, "id": identity, "name": name.rpartition("/")[2], "type": kind}
        made["properties"] = {**body.get("properties", {}), "provisioningState": "Succeeded"}
        getattr(self, f"_made_{kind.rpartition('/')[2].lower()}", lambda *_: None)(world, made, before)
        self.resources[identity.lower()] = made
        return None

    def _assign(self, identity, body):
        said, before = body["properties"], self.roles.get(identity.lower())
        if before is not None and before["properties"]["principalId"] != said["principalId"]:
            raise Refusal(
                400, "RoleAssignmentUpdateNotPermitted", "principal ID and scope are not allowed to be updated"
            )
        scope = identity.partition(f"/providers/{ROLE}")[0]
        if self.resources.get(scope.lower()) is None:
            raise Refusal(404, "ResourceNotFound", f"The Resource '{scope}' was not found.")
        self.roles[identity.lower()] = {"id": identity, "scope": scope.lower(), "properties": said}

    def _principal(self, before, at):
        return at(before) if before else f"principal-{next(self._ids)}"

    def _made_userassignedidentities(self, world, made, before):
        principal = self._principal(before, lambda one: one["properties"]["principalId"])
        made["properties"] |= {"principalId": principal, "clientId": f"client-of-{principal}"}

    def _made_workspaces(self, world, made, before):
        made["properties"]["customerId"] = "a-workspace"

    def _made_storageaccounts(self, world, made, before):
        made["properties"]["primaryEndpoints"] = {"blob": f"https://{made['name']}.blob.core.windows.net/"}

    def _made_containerapps(self, world, made, before):
        said = made["properties"]
        assert self.resources[said["environmentId"].lower()]
        self._pulled(world, made)
        ingress = said["configuration"]["ingress"]
        made["secrets"] = said["configuration"].pop("secrets")
        ingress["fqdn"] = f"{made['name']}.happyhill.{world.location}.azurecontainerapps.io"

    def _pulled(self, world, made):
        """By an identity that may, from a registry that has it."""
        [container] = made["properties"]["template"]["containers"]
        for one in made["properties"]["configuration"]["registries"]:
            registry = next(
                (r for r in self.resources.values() if r["properties"].get("loginServer") == one["server"]), None
            )
            if registry is None:
                raise Refusal(
                    400, "InvalidParameterValueInContainerTemplate", f"unable to pull image: no {one['server']}"
                )
            principal = self.resources[one["identity"].lower()]["properties"]["principalId"]
            granted = [r["properties"] for r in self.roles.values() if r["scope"] == registry["id"].lower()]
            may = any(g["principalId"] == principal and PULL in g["roleDefinitionId"] for g in granted)
            self.pull_late -= (late := self.pull_late > 0)
            if late or not may:
                raise Refusal(
                    400, "InvalidParameterValueInContainerTemplate", "unable to pull image using Managed identity"
                )
            name, _, digest = container["image"].partition("@")
            if name.startswith(one["server"]) and digest not in self.images.get(one["server"], {}).values():
                raise Refusal(
                    400, "InvalidParameterValueInContainerTemplate", f"MANIFEST_UNKNOWN: {container['image']}"
                )

    def _made_sites(self, world, made, before):
        assert self.resources[made["properties"]["serverFarmId"].lower()]
        principal = self._principal(before, lambda one: one["identity"]["principalId"])
        made["identity"] = {**made["identity"], "principalId": principal}
        settings = made["properties"]["siteConfig"].pop("appSettings")
        made["settings"] = {one["name"]: one["value"] for one in settings}
        host = f"{made['name']}.azurewebsites.net"
        states = [{"name": host, "hostType": "Standard"}]
        states.append({"name": f"{made['name']}.scm.azurewebsites.net", "hostType": "Repository"})
        made["properties"] |= {"defaultHostName": host, "state": "Running", "hostNameSslStates": states}

    # -- single resources

    def _resource(self, request, path, body):  # noqa: PLR0911 - one answer each
        method, key = request.method, path.lower()
        provider = path.partition("/providers/")[2].partition("/")[0]
        if provider not in self.registered:  # of every call, a question too
            raise Refusal(409, "MissingSubscriptionRegistration", f"not registered to use namespace '{provider}'")
        self._time_passes(key if method == "GET" else "nowhere")
        if path.endswith("/providers/Microsoft.Resources/tags/default"):
            row = self.resources[key.removesuffix("/providers/microsoft.resources/tags/default")]
            assert (method, body["operation"]) == ("PATCH", "Merge")
            row["tags"] = {**(row.get("tags") or {}), **body["properties"]["tags"]}
            return ok({"properties": {"tags": row["tags"]}})
        if ROLE.lower() in key:
            return self._role(request, key)
        if method == "POST":
            return self._action(path, key, body)
        if found := re.fullmatch(r"(.*/registries/[^/]+)/runs(?:/(\w+))?", key):
            return self._run_of(found[2])
        if len(path.partition("/providers/")[2].split("/")) == 2:
            return ok({"value": [row for k, row in self.resources.items() if k.rpartition("/")[0] == key]})
        if method == "PUT":
            return self._made_registry(path, key, body)
        row = self.resources.get(key)
        if method == "DELETE":
            return self._gone(request, key, row)
        if row is None:
            raise Refusal(404, "ResourceNotFound", f"The Resource '{path}' was not found.")
        return ok({k: v for k, v in row.items() if k not in ("secrets", "settings")})

    def _role(self, request, key):
        if request.method == "DELETE":
            self.roles.pop(key, None)
            return httpx.Response(200)
        principal = re.fullmatch(r"principalId eq '([^']+)'", request.url.params["$filter"])[1]
        return ok({"value": [row for row in self.roles.values() if row["properties"]["principalId"] == principal]})

    def _made_registry(self, path, key, body):
        assert path.split("/")[-2] == "registries"
        name = path.rpartition("/")[2]
        assert re.fullmatch(r"[a-zA-Z0-9]{5,50}", name)
        if any(name.startswith(taken) for taken in self.taken):
            raise Refusal(409, "AlreadyInUse", f"The registry DNS name {name}.azurecr.io is already in use.")
        row = {"id": path, "name": name, "type": "Microsoft.ContainerRegistry/registries", **body}
        row["properties"] = {**body["properties"], "loginServer": f"{name}.azurecr.io", "provisioningState": "Creating"}
        self.resources[key] = row
        return self._begun(201, "azure-asyncoperation", {"made": key}, row)

    def _gone(self, request, key, row):
        if row is None:
            return httpx.Response(204)
        self.ghosts = [row] if top(row) else []
        used = [r["name"] for r in self.resources.values() if key in json.dumps(uses(r)).lower()]
        if used:
            raise Refusal(409, "Conflict", f"it has {', '.join(used)} in it")
        self.resources = {k: r for k, r in self.resources.items() if k != key and not k.startswith(key + "/")}
        self.roles = {k: r for k, r in self.roles.items() if not k.startswith(key + "/")}
        if row["type"].endswith("/registries"):
            self.images.pop(row["properties"]["loginServer"], None)
        if row["type"].endswith("/workspaces") and request.url.params.get("force") != "true":
            self.kept.append({"of": "deletedWorkspaces", "name": row["name"], "id": row["id"]})
        if row["type"].endswith("/sites"):
            of = key.split("/resourcegroups/")[1].partition("/")[0]
            self.kept.append(
                {"of": "deletedSites", "properties": {"deletedSiteName": row["name"], "resourceGroup": of}}
            )
            self.code.pop(row["name"], None)
        return self._begun(202, "location", {"gone": key})

    def _action(self, path, key, body):
        owner, _, action = path.rpartition("/")
        if action == "list":
            owner, action = owner.removesuffix("/config/appsettings"), "appsettings"
        if action == "listLogSasUrl":
            return ok({"logLink": f"https://logs.blob.core.windows.net/{owner.rpartition('/')[2]}"})
        row = self.resources.get(owner.lower())
        if row is None:
            raise Refusal(404, "ResourceNotFound", f"The Resource '{owner}' was not found.")
        if action == "listSecrets":
            return ok({"value": row["secrets"]})
        if action == "appsettings":
            return ok({"properties": row["settings"]})
        if action == "listBuildSourceUploadUrl":
            place = f"source/{next(self._ids)}.tar.gz"
            return ok({"uploadUrl": f"https://sources.blob.core.windows.net/{place}?sig=x", "relativePath": place})
        assert action == "scheduleRun", action
        return self._scheduled(row, body)


KNOWN_PROVIDERS = (
    *("Microsoft.OperationalInsights", "Microsoft.ContainerRegistry", "Microsoft.ManagedIdentity"),
    *("Microsoft.Web", "Microsoft.Storage"),
)


class World:
    """What a template's functions see."""

    def __init__(self, azure, group, location):
        self._azure, self.group, self.location = azure, group, location
        self.subscription = f"/subscriptions/{SUBSCRIPTION}"

    def resource(self, identity):
        return self._azure.resources.get(identity.lower())


def top(row):
    return len(row["id"].partition("/providers/")[2].split("/")) == 3


def uses(row):
    """Ids of what must outlive it."""
    said = row["properties"]
    return [said.get("environmentId"), said.get("serverFarmId")]
