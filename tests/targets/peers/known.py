"""What is known of the clouds' programs: holds one call to it, and says what is wrong.

aws       botocore's own service models: operations, options, what they require; the templates' parameters and outputs
az        the templates' parameters and outputs; options as Azure's reference has them (by hand, 2026-11-27)
gcloud    options as Google's reference has them (by hand; the slow test asks the real one); manifests against Kubernetes' schemas
kubectl   options as its reference has them (by hand; the slow test asks the real one); manifests against Kubernetes' schemas
docker    the Dockerfile's stages and files; options by hand
func      options by hand
"""

import json
import re
from functools import cache

import botocore.session
import jmespath
import kubernetes_validate
import yaml
from botocore import xform_name

from tests.targets.peers.shell import ROOT
from tests.targets.test_aws import template

GLOBAL = {
    "aws": {"--query", "--output", "--region", "--profile"},
    "az": {"--query", "--output", "--resource-group", "--subscription"},
    "gcloud": {"--quiet", "--format", "--project"},
    "kubectl": {"--namespace"},
    "docker": set(),
    "func": set(),
}
DEPLOY = {
    "--stack-name",
    "--template-file",
    "--capabilities",
    "--tags",
    "--parameter-overrides",
    "--no-fail-on-empty-changeset",
}
OPTIONS = {  # of those programs that publish no model that could be asked here
    "az": {
        "account show": set(),
        "group create": {"--name", "--location", "--tags"},
        "group delete": {"--name", "--yes"},
        "acr create": {"--name", "--sku", "--admin-enabled", "--tags"},
        "acr build": {"--registry", "--image", "--platform", "--file"},
        "acr repository show": {"--name", "--image"},
        "deployment group create": {"--template-file", "--parameters"},
        "containerapp delete": {"--name", "--yes"},
        "functionapp delete": {"--name"},
        "functionapp plan delete": {"--name", "--yes"},
        "storage account delete": {"--name", "--yes"},
    },
    "gcloud": {
        "config get-value": set(),
        "services enable": set(),
        "artifacts repositories create": {"--repository-format", "--location", "--labels"},
        "artifacts repositories delete": {"--location"},
        "artifacts docker images describe": set(),
        "auth configure-docker": set(),
        "iam service-accounts create": set(),
        "iam service-accounts delete": set(),
        "iam service-accounts add-iam-policy-binding": {"--member", "--role"},
        "secrets create": {"--data-file"},
        "secrets delete": set(),
        "secrets add-iam-policy-binding": {"--member", "--role"},
        "run services replace": {"--region"},
        "run services describe": {"--region"},
        "run services delete": {"--region"},
        "run services add-iam-policy-binding": {"--region", "--member", "--role"},
        "pubsub topics create": set(),
        "pubsub topics add-iam-policy-binding": {"--member", "--role"},
        "pubsub subscriptions create": {
            *("--topic", "--push-endpoint", "--push-auth-service-account", "--ack-deadline", "--min-retry-delay"),
            *("--max-retry-delay", "--dead-letter-topic", "--max-delivery-attempts"),
        },
        "scheduler jobs create http": {"--location", "--schedule", "--uri", "--oidc-service-account-email"},
    },
    "kubectl": {
        "apply": {"-f"},
        "create secret generic": {"--from-literal"},
        "rollout status": {"--timeout"},
        "port-forward": set(),
        "proxy": set(),
        "delete namespace": set(),
    },
    "docker": {
        "build": {"--platform", "--provenance", "--target", "--build-arg", "-f", "-t"},
        "push": set(),
        "login": {"--username", "--password-stdin"},
        "compose": {"-f", "-d", "--volumes"},
    },
    "func": {"azure functionapp publish": {"--python"}},
}


def problems(call, stacks):
    """What is wrong with one call; ``stacks``: the template of each stack that any call deploys."""
    program = call.words[0]
    if program == "aws":
        return _aws(call, stacks)
    spoken = " ".join(w for w in call.words[1:] if not w.startswith("-"))
    spoken = spoken.removeprefix("rag-pilot ") if program == "kubectl" else spoken
    known = [name for name in OPTIONS[program] if spoken.startswith(name)]
    if not known:
        return [f"no such command: {' '.join(call.words)}"]
    name = max(known, key=len)
    wrong = sorted(set(call.options) - OPTIONS[program][name] - GLOBAL[program])
    out = [f"{program} {name} has no {option}" for option in wrong]
    return out + OF.get((program, name), lambda _: [])(call)


@cache
def _model(service):
    return botocore.session.get_session().get_service_model(service)


def _aws(call, stacks):
    service, operation = call.plain[:2]
    if (service, operation) == ("cloudformation", "deploy"):
        return _deploy(call)
    if (service, operation) == ("ecr", "get-login-password"):
        return []
    names = {xform_name(n, "-"): n for n in _model(service).operation_names}
    if operation not in names:
        return [f"{service} has no {operation}"]
    shape = _model(service).operation_model(names[operation])
    members = {f"--{xform_name(n, '-')}": n for n in shape.input_shape.members}
    out = [f"{operation} has no {o}" for o in sorted(set(call.options) - set(members) - GLOBAL["aws"] - {"--force"})]
    wanted = {option for option, name in members.items() if name in shape.input_shape.required_members}
    out += [f"{operation} requires {option}" for option in sorted(wanted - set(call.options))]
    return out + _asked(call, shape) + _of_stack(call, stacks)


def _asked(call, shape):
    if "--query" not in call.options:
        return []
    query = " ".join(call.options["--query"])
    jmespath.compile(query)
    first = re.match(r"\w+", query).group()
    return [] if first in shape.output_shape.members else [f"{call.plain[1]} answers no {first}"]


def _of_stack(call, stacks):
    if "--stack-name" not in call.options:
        return []
    [name] = call.options["--stack-name"]
    if name not in stacks:
        return [f"no page deploys a stack {name}"]
    keys = re.findall(r"OutputKey=='(\w+)'", " ".join(call.options.get("--query", ())))
    outputs = template(stacks[name]).get("Outputs", {})
    return [f"{stacks[name].parent.name}/{stacks[name].name} has no output {key}" for key in keys if key not in outputs]


def _deploy(call):
    options = call.options
    path = ROOT / options["--template-file"][0]
    made = template(path)
    out = [f"cloudformation deploy has no {o}" for o in sorted(set(options) - DEPLOY)]
    declared = made["Parameters"]
    given = dict(word.split("=", 1) for word in options.get("--parameter-overrides", ()))
    out += [f"{path.parent.name} has no parameter {name}" for name in given if name not in declared]
    out += [
        f"{path.parent.name}/{path.name} requires {n}"
        for n, p in declared.items()
        if "Default" not in p and n not in given
    ]
    out += [p for n, v in given.items() if n in declared for p in _value(n, v, declared[n])]
    iam = any(r["Type"].startswith("AWS::IAM::") for r in made["Resources"].values())
    if iam and not options.get("--capabilities"):
        out.append(f"{path.parent.name}/{path.name} makes roles or policies: CAPABILITY_IAM is required")
    if not any(tag.startswith("pilot=") for tag in options.get("--tags", ())):
        out.append("its costs could not be told apart: --tags pilot=… is not there")
    return out


def _value(name, value, declared):
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], value):
        yield f"{name}={value} does not match {declared['AllowedPattern']}"
    if "AllowedValues" in declared and value not in map(str, declared["AllowedValues"]):
        yield f"{name}={value} is not one of {declared['AllowedValues']}"
    if len(value) < declared.get("MinLength", 0):
        yield f"{name} is too short"


def _arm(call):
    path = ROOT / call.options["--template-file"][0]
    made = json.loads(path.read_text())
    given = dict(word.split("=", 1) for word in call.options["--parameters"])
    declared = made["parameters"]
    out = [f"{path.parent.name} has no parameter {name}" for name in given if name not in declared]
    out += [
        f"{path.parent.name}/{path.name} requires {n}"
        for n, p in declared.items()
        if "defaultValue" not in p and not given.get(n)
    ]
    for word in call.options.get("--query", ()):
        [key] = re.findall(r"^properties\.outputs\.(\w+)\.value$", word)
        out += [] if key in made["outputs"] else [f"{path.parent.name}/{path.name} has no output {key}"]
    return out


def _manifests(call):
    out = []
    for manifest in yaml.safe_load_all(call.stdin):
        if left := re.findall(r"\$\{\w+|(?<![\w.])(?:IMAGE|PROVIDER_URL|PROJECT)(?![\w.])", yaml.safe_dump(manifest)):
            out.append(f"not filled: {left}")
        for value in _urls(manifest):
            if not re.fullmatch(r"https?://[\w.-]+(:\d+)?(/\S*)?|none", value):
                out.append(f"{value!r} is not an address")
        spec = manifest
        if manifest["apiVersion"] == "serving.knative.dev/v1":
            inner = dict(manifest["spec"]["template"]["spec"].items())
            for own in ("containerConcurrency", "timeoutSeconds"):
                inner.pop(own)
            spec = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": inner}
        kubernetes_validate.validate(spec, "1.31", strict=True)
    return out if call.stdin.strip() else ["nothing was piped in"]


def _urls(node):
    if isinstance(node, dict):
        if node.get("name") == "RAG_PROVIDER_URL":
            yield node["value"]
        for inner in node.values():
            yield from _urls(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _urls(inner)


def _build(call):
    path = ROOT / call.options["-f"][0]
    stages = re.findall(r"^FROM \S+ AS (\S+)$", path.read_text(), re.MULTILINE)
    return [f"{path.name} has no stage {s}" for s in call.options.get("--target", ()) if s not in stages]


def _file(call):
    return [] if (ROOT / call.options["-f"][0]).is_file() else ["there is no such file"]


OF = {
    ("az", "deployment group create"): _arm,
    ("gcloud", "run services replace"): _manifests,
    ("kubectl", "apply"): _manifests,
    ("docker", "build"): _build,
    ("docker", "compose"): _file,
}


def stacks_of(calls):
    """The template of each stack that is deployed."""
    return {
        c.options["--stack-name"][0]: ROOT / c.options["--template-file"][0]
        for c in calls
        if c.words[:3] == ("aws", "cloudformation", "deploy")
    }
