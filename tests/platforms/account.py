"""An AWS account as its services' own models describe it: a healthy one, of which a test changes what it is about."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from harness.platforms.examining import Reach
from tests.platforms.rigs import KEYS

NUMBER = "123456789012"
DIGEST = "sha256:" + "a" * 64
IMAGE = f"{NUMBER}.dkr.ecr.us-east-1.amazonaws.com/rag-chat@{DIGEST}"
ROLE = f"arn:aws:iam::{NUMBER}:role/teams/pilot"
ROLE_OF_A_SERVICE = {"Path": "/", "RoleId": "AROAEXAMPLEEXAMPLEXX", "CreateDate": datetime(2026, 11, 1, tzinfo=UTC)}
MANIFEST = json.dumps({"schemaVersion": 2, "config": {"digest": "sha256:" + "c" * 64}})
INDEX = json.dumps(
    {
        "manifests": [
            {"digest": "sha256:" + "d" * 64, "platform": {"architecture": "amd64", "os": "linux"}},
            {"digest": "sha256:" + "e" * 64, "platform": {"architecture": "unknown", "os": "unknown"}},
        ]
    }
)
VARIABLES = {"RAG_PROVIDER_URL": "http://rag-1.us-east-1.elb.amazonaws.com:8443", "RAG_PROVIDER_KEY": "x"}


def refused(code, words="no"):
    return ClientError({"Error": {"Code": code, "Message": words}}, "Operation")


def allowed(request):
    """IAM's answer that every action is allowed."""
    return {"EvaluationResults": [{"EvalActionName": a, "EvalDecision": "allowed"} for a in request["ActionNames"]]}


def denying(*denied, decision="implicitDeny"):
    def answer(request):
        made = allowed(request)
        for one in made["EvaluationResults"]:
            if one["EvalActionName"] in denied:
                one["EvalDecision"] = decision
        return made

    return answer


def _role(request):
    name = request["RoleName"]
    arn = ROLE if name == "pilot" else f"arn:aws:iam::{NUMBER}:role/{name}"
    return {"Role": {**ROLE_OF_A_SERVICE, "RoleName": name, "Arn": arn}}


def healthy():
    """Answers by service and method: a value, what makes one of the request, or an exception."""
    configuration = {
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "MemorySize": 1769,
        "Timeout": 30,
        "Architectures": ["x86_64"],
        "PackageType": "Image",
        "Environment": {"Variables": VARIABLES},
    }
    environment = [{"name": name, "value": value} for name, value in VARIABLES.items()]
    return {
        ("sts", "get_caller_identity"): {
            "Account": NUMBER,
            "Arn": f"arn:aws:sts::{NUMBER}:assumed-role/pilot/me",
            "UserId": "AROAEXAMPLE:me",
        },
        ("iam", "get_role"): _role,
        ("iam", "simulate_principal_policy"): allowed,
        ("ec2", "describe_regions"): {"Regions": [{"RegionName": "us-east-1", "OptInStatus": "opt-in-not-required"}]},
        ("lambda", "get_function"): {
            "Configuration": configuration,
            "Code": {"ImageUri": IMAGE, "ResolvedImageUri": IMAGE},
        },
        ("lambda", "get_alias"): {"Name": "live", "FunctionVersion": "1"},
        ("lambda", "get_function_concurrency"): {},
        ("lambda", "get_account_settings"): {
            "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
        },
        ("ecr", "batch_get_image"): {"images": [{"imageManifest": MANIFEST}]},
        ("ecr", "get_download_url_for_layer"): {"downloadUrl": "https://layers/config"},
        ("ecs", "describe_services"): {
            "services": [{"status": "ACTIVE", "runningCount": 2, "desiredCount": 2, "taskDefinition": "rag-chat-ecs:1"}]
        },
        ("ecs", "describe_task_definition"): {
            "taskDefinition": {
                "runtimePlatform": {"cpuArchitecture": "X86_64"},
                "containerDefinitions": [{"name": "chat", "image": IMAGE, "environment": environment}],
            }
        },
        ("ce", "list_cost_allocation_tags"): {
            "CostAllocationTags": [
                {
                    "TagKey": "pilot",
                    "Type": "UserDefined",
                    "Status": "Active",
                    "LastUpdatedDate": "2026-11-01T00:00:00Z",
                }
            ]
        },
        ("service-quotas", "get_service_quota"): {"Quota": {"Value": 64.0}},
        ("elbv2", "describe_load_balancers"): {
            "LoadBalancers": [{"LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/rag/1"}]
        },
        ("elbv2", "describe_listeners"): {
            "Listeners": [{"Certificates": [{"CertificateArn": f"arn:aws:acm:us-east-1:{NUMBER}:certificate/1"}]}]
        },
        ("acm", "describe_certificate"): {
            "Certificate": {
                "DomainName": "chat.example.com",
                "SubjectAlternativeNames": ["chat.example.com"],
                "Status": "ISSUED",
                "NotAfter": datetime(2099, 1, 1, tzinfo=UTC),
            }
        },
    }


class Client:
    """One service, whose every question and answer is held to its model."""

    def __init__(self, service, answers, asked):
        self._service, self._answers, self._asked = service, answers, asked
        self._model = boto3.client(service, **KEYS).meta.service_model

    def __getattr__(self, method):
        def ask(**request):
            self._asked.append((self._service, method, request))
            names = {xform_name(n): n for n in self._model.operation_names}
            operation = self._model.operation_model(names[method])
            if operation.input_shape is not None:
                validate_parameters(request, operation.input_shape)
            answer = self._answers[self._service, method]
            answer = answer(request) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask


class Account:
    """``reach`` asks it; ``asked`` is what was asked."""

    def __init__(self, answers=(), environ=(), architecture="amd64"):
        self.answers, self.asked = {**healthy(), **dict(answers)}, []
        self.reach = Reach(
            make=lambda service, region: Client(service, self.answers, self.asked),
            fetch=lambda url: json.dumps({"architecture": architecture, "os": "linux"}).encode(),
            environ=dict(environ),
        )
