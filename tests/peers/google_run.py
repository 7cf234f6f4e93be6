"""The rest of a project of Google Cloud in memory: Cloud Run, Cloud Build with its bucket, and what lists what is left."""

from tests.peers.google import (
    HERE,
    LOOKS,
    NUMBER,
    PROJECT,
    REGION,
    Refuses,
    missing,
    policy,
    pushed,
    route,
    write_policy,
)

ALL = f"/apis/serving.knative.dev/v1/namespaces/{PROJECT}"
PUSHERS = "roles/artifactregistry.writer"
OPEN = "run.googleapis.com/invoker-iam-disabled"
READS = "roles/secretmanager.secretAccessor"


def conditions(**states):
    """By type: status, reason, message."""
    return [
        {"type": kind, "status": status, **({"reason": reason, "message": words} if reason else {})}
        for kind, (status, reason, words) in states.items()
    ]


# -- services, as Knative has them


def checked(google, body):
    metadata = body["metadata"]
    assert (body["apiVersion"], body["kind"], metadata["namespace"]) == ("serving.knative.dev/v1", "Service", PROJECT)
    assert metadata["labels"]["pilot"]
    account = body["spec"]["template"]["spec"]["serviceAccountName"]
    if account not in google.accounts:
        raise Refuses(
            403, "PERMISSION_DENIED", "Permission 'iam.serviceaccounts.actAs' denied on it (or it may not exist)."
        )


def begun(google, there, body):
    """A new revision, which is not ready yet."""
    there["spec"] = body["spec"]
    there["metadata"] |= {"generation": there["metadata"].get("generation", 0) + 1}
    there["looks"] = LOOKS
    number = there["metadata"]["generation"]
    name = f"{there['metadata']['name']}-{number:05d}-abc"
    there["status"] |= {"latestCreatedRevisionName": name, "conditions": conditions(Ready=("Unknown", "Deploying", ""))}


def ended(google, there):
    """What Cloud Run looks at before a revision serves."""
    name, spec = there["metadata"]["name"], there["spec"]["template"]["spec"]
    [container] = spec["containers"]
    there["status"]["observedGeneration"] = there["metadata"]["generation"]
    there["revision"] = []
    digests = {f"{REGION}-docker.pkg.dev/{PROJECT}/{r}/{p}@{d}" for (r, p, _), d in google.tags.items()}
    why = google.fails.get(name)
    if container["image"] not in digests and not container["image"].startswith("elsewhere/"):
        why = ("ContainerMissing", f"Image '{container['image']}' not found.")
    for one in (e["valueFrom"]["secretKeyRef"]["name"] for e in container["env"] if "valueFrom" in e):
        google.late_rights -= 1  # a right that was just given is not known at once
        known = google.members(f"secret {one}", READS) if google.late_rights < 0 else set()
        if f"serviceAccount:{spec['serviceAccountName']}" not in known:
            why = ("SecretsAccessCheckFailed", f"Permission denied on secret: {one}")
    if why is None:
        there["status"] |= {
            "url": google.url or f"https://{name}-a1b2c3d4e5-ew.a.run.app",
            "latestReadyRevisionName": there["status"]["latestCreatedRevisionName"],
            "conditions": conditions(Ready=("True", "", ""), ConfigurationsReady=("True", "", "")),
        }
        return
    general = ("False", "RevisionFailed", f"Revision '{there['status']['latestCreatedRevisionName']}' is not ready.")
    there["status"]["conditions"] = conditions(Ready=general, ConfigurationsReady=general, RoutesReady=("True", "", ""))
    there["revision"] = conditions(
        Ready=("False", why[0], "It is not ready."), Active=("True", "", ""), ContainerHealthy=("False", *why)
    )


def shown(there):
    said = {name: said for name, said in there.items() if name not in ("looks", "revision", "gone")}
    return {**said, "metadata": {**there["metadata"], "namespace": NUMBER}}


@route("GET", "run", f"{ALL}/services/([^/]+)")
def service(google, name, params, body):
    there = google.services.get(name)
    if there is None:
        raise missing(f"Resource '{name}' of kind 'SERVICE'")
    there["looks"] -= 1
    if there["looks"] == 0:
        if there.get("gone"):
            del google.services[name]
            google.policies.pop(f"service {name}", None)
            raise missing(name)
        ended(google, there)
    return shown(there)


@route("POST", "run", f"{ALL}/services")
def make_service(google, params, body):
    checked(google, body)
    name = body["metadata"]["name"]
    if name in google.services:
        raise Refuses(409, "ALREADY_EXISTS", f"Resource '{name}' already exists.")
    taken = {k: v for k, v in body["metadata"].get("annotations", {}).items() if k not in google.refused}
    metadata = {
        **body["metadata"],
        "resourceVersion": f"v{google.tick()}",
        "labels": {**body["metadata"]["labels"], "cloud.googleapis.com/location": REGION},
        "annotations": {**taken, "serving.knative.dev/creator": "ann@example.com"},
    }
    google.services[name] = {**body, "metadata": metadata, "status": {"observedGeneration": 0}}
    begun(google, google.services[name], body)
    return shown(google.services[name])


@route("PUT", "run", f"{ALL}/services/([^/]+)")
def replace_service(google, name, params, body):
    checked(google, body)
    there = google.services.get(name)
    if there is None:
        raise missing(name)
    if body["metadata"].get("resourceVersion") != there["metadata"]["resourceVersion"] or there.get("gone"):
        raise Refuses(409, "ABORTED", "Conflict for resource: resourceVersion differs")
    creator = "serving.knative.dev/creator"
    assert body["metadata"]["annotations"].get(creator) == there["metadata"]["annotations"][creator]
    changed = body["spec"] != there["spec"]
    generation = there["metadata"]["generation"]
    labels = {**body["metadata"]["labels"], "cloud.googleapis.com/location": REGION}
    there["metadata"] = {
        **body["metadata"],
        "labels": labels,
        "resourceVersion": f"v{google.tick()}",
        "generation": generation,
    }
    if changed:  # else there is nothing to do: what failed stays failed
        begun(google, there, body)
    return shown(there)


@route("GET", "run", f"{ALL}/revisions/([^/]+)")
def revision(google, name, params, body):
    there = google.services[name.rsplit("-", 2)[0]]
    return {"metadata": {"name": name}, "status": {"conditions": there.get("revision", [])}}


# -- services, as the Admin API has them


def in_v2(there):
    """As that one names the same."""
    [container] = there["spec"]["template"]["spec"]["containers"]
    rows = []
    for one in container["env"]:
        if "valueFrom" in one:
            ref = one["valueFrom"]["secretKeyRef"]
            rows.append(
                {"name": one["name"], "valueSource": {"secretKeyRef": {"secret": ref["name"], "version": ref["key"]}}}
            )
        else:
            rows.append(one)
    metadata = there["metadata"]
    return {
        "name": f"{HERE}/services/{metadata['name']}",
        "labels": {k: v for k, v in metadata["labels"].items() if "/" not in k},
        "template": {"containers": [{"image": container["image"], "env": rows}]},
        **({"invokerIamDisabled": True} if metadata["annotations"].get(OPEN) == "true" else {}),
    }


@route("GET", "run", f"/v2/{HERE}/services")
def services(google, params, body):
    return {"services": [in_v2(there) for there in google.services.values()]}


@route("GET", "run", f"/v2/{HERE}/services/([^/:]+)")
def service_in_v2(google, name, params, body):
    if name not in google.services:
        raise missing(name)
    return in_v2(google.services[name])


@route("GET", "run", f"/v2/{HERE}/(jobs|workerPools)")
def others(google, kind, params, body):
    return {kind: []}


@route("DELETE", "run", f"/v2/{HERE}/services/([^/:]+)")
def remove_service(google, name, params, body):
    there = google.services.get(name)
    if there is None:
        raise missing(name)
    there |= {"gone": True, "looks": LOOKS}
    there["metadata"]["deletionTimestamp"] = "2026-11-27T09:00:00Z"
    return google.operation("run", lambda: None)


@route("GET", "run", f"/v2/({HERE}/operations/.*)")
def run_operation(google, name, params, body):
    return google.looked(name)


# -- builds and their bucket


@route("GET", "storage", "/storage/v1/b/([^/]+)")
def bucket(google, name, params, body):
    if name not in google.buckets:
        raise Refuses(404, "404", "The specified bucket does not exist.")
    return google.buckets[name]


@route("POST", "storage", "/storage/v1/b")
def make_bucket(google, params, body):
    assert params["project"] == PROJECT
    assert body["softDeletePolicy"]["retentionDurationSeconds"] == "0"
    google.buckets[body["name"]] = body
    return body


@route("GET", "storage", "/storage/v1/b/([^/]+)/iam")
def bucket_policy(google, name, params, body):
    assert params == {"optionsRequestedPolicyVersion": 3}
    return policy(google, f"bucket {name}")


@route("PUT", "storage", "/storage/v1/b/([^/]+)/iam")
def write_bucket_policy(google, name, params, body):
    return write_policy(google, f"bucket {name}", body)


@route("POST", "storage", "/upload/storage/v1/b/([^/]+)/o")
def upload(google, name, params, body):
    assert name in google.buckets
    google.objects[name, params["name"]] = body
    return {"name": params["name"]}


@route("GET", "storage", "/storage/v1/b/([^/]+)/o/([^/]+)")
def read_object(google, name, key, params, body):
    assert params == {"alt": "media"}
    return {"text": google.objects[name, key].decode()}


@route("GET", "storage", "/storage/v1/b/([^/]+)/o")
def objects(google, name, params, body):
    return {"items": [{"name": key} for of, key in google.objects if of == name]}


@route("DELETE", "storage", "/storage/v1/b/([^/]+)/o/([^/]+)")
def remove_object(google, name, key, params, body):
    if google.objects.pop((name, key), None) is None:
        raise Refuses(404, "404", "No such object")
    return {}


@route("DELETE", "storage", "/storage/v1/b/([^/]+)")
def remove_bucket(google, name, params, body):
    if any(of == name for of, _ in google.objects):
        raise Refuses(409, "409", "The bucket you tried to delete is not empty.")
    google.buckets.pop(name)
    google.policies.pop(f"bucket {name}", None)
    return {}


@route("GET", "storage", "/storage/v1/b")
def buckets(google, params, body):
    return {"items": list(google.buckets.values())}


@route("POST", "cloudbuild", f"/v1/{HERE}/builds")
def make_build(google, params, body):
    source, account = body["source"]["storageSource"], body["serviceAccount"].rpartition("/")[2]
    assert (source["bucket"], source["object"]) in google.objects
    assert f"serviceAccount:{account}" in google.members("repository rag", PUSHERS)
    assert f"serviceAccount:{account}" in google.members(f"bucket {source['bucket']}", "roles/storage.admin")
    number = f"build-{google.tick()}"
    google.builds[number] = {**body, "id": number, "status": "WORKING", "looks": LOOKS}
    return {"name": f"operations/build/{number}", "metadata": {"build": {"id": number}}}


@route("GET", "cloudbuild", f"/v1/{HERE}/builds/([^/]+)")
def build(google, number, params, body):
    there = google.builds[number]
    there["looks"] -= 1
    if there["looks"] == 0:
        [image] = there["images"]
        there["status"] = "FAILURE" if "build" in google.fails else "SUCCESS"
        log = google.fails.get("build", "pushed")
        google.fails.pop("build") if "build" in google.fails and "403" in log else None
        google.objects[there["logsBucket"].split("/")[2], f"logs/log-{number}.txt"] = log.encode()
        if there["status"] == "SUCCESS":
            pushed(google, image)
        else:
            there["failureInfo"] = {"type": "USER_BUILD_STEP", "detail": "Build step failure: build step 0 failed"}
    return built(there)


def built(there):
    return {name: said for name, said in there.items() if name != "looks"}


@route("GET", "cloudbuild", f"/v1/{HERE}/builds")
def builds(google, params, body):
    wanted = params["filter"].removeprefix('tags="').removesuffix('"')
    return {"builds": [built(row) for row in google.builds.values() if wanted in row["tags"]]}


# -- what is left, and what was written


@route("GET", "cloudasset", f"/v1/projects/{PROJECT}:searchAllResources")
def assets(google, params, body):
    stale = [("run.googleapis.com/Revision", "rag-chat-00001-abc"), ("run.googleapis.com/Service", "rag-chat")]
    rows = [*stale, *google.leftover]  # what is gone stays listed for a while
    return {
        "results": [{"assetType": kind, "name": f"//x/{name}", "labels": {"pilot": "rag-run"}} for kind, name in rows]
    }


@route("POST", "logging", "/v2/entries:list")
def entries(google, params, body):
    assert body["orderBy"] == "timestamp desc"
    return {"entries": [{"textPayload": line} for line in reversed(google.logs)]}
