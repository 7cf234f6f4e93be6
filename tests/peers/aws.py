"""AWS as moto has it, on loopback, with what moto lacks: an account that `pilot deploy` and `pilot destroy` are run against.

    AWS_PEER_FOLDER=FOLDER python -c 'from tests.peers.aws import serve; serve(PORT)'

Added here, by AWS's own documentation: function URLs and aliases in CloudFormation, ListImports, AWS::NoValue in lists,
previous values that are defaults, route tables and ECS services that go with their stack, deleted stacks that stay deleted and
failed deletions that are told, policies by simulation, limits of Lambda, default quotas, full names of load balancers and
target groups, activation and backfill of cost tags. What a function URL and a load balancer answer is another server's
business: FOLDER holds ``function_url`` and ``balancer``, a URL and a host, once somebody serves there.
"""

import json
import os
import threading
from pathlib import Path

from moto.awslambda import models as functions
from moto.awslambda import urls as urls_of_functions
from moto.awslambda.responses import LambdaResponse
from moto.ce.responses import CostExplorerResponse
from moto.cloudformation import models as backends
from moto.cloudformation import parsing
from moto.cloudformation import responses as stacks
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import vpcs
from moto.ecs import models as containers
from moto.elbv2 import models as balancers
from moto.iam.models import SERVICE_NAME_CONVERSION
from moto.iam.responses import IamResponse
from moto.servicequotas.responses import ServiceQuotasResponse

FOLDER = Path(os.environ.get("AWS_PEER_FOLDER", "."))
COST_TAGS = {"pilot": "Inactive"}
BACKFILLS = []
DEFAULT_QUOTAS = {("fargate", "L-3032A538"): 6.0}


def served(name, otherwise):
    path = FOLDER / name
    return path.read_text().strip() if path.is_file() else otherwise


class _Part:
    """Of a function: made with it, gone with it."""

    def __init__(self, name, **said):
        self.physical_resource_id = name
        self._said = said

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr in ("FunctionUrl", "FunctionArn", "AliasArn")

    def get_cfn_attribute(self, attribute_name):
        return self._said[attribute_name]

    @classmethod
    def update_from_cloudformation_json(cls, original, new_resource_name, cloudformation_json, account_id, region_name):
        return original

    def delete(self, account_id, region_name):
        pass


class Url(_Part, CloudFormationModel):
    @staticmethod
    def cloudformation_type():
        return "AWS::Lambda::Url"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        said = cloudformation_json["Properties"]
        backend = functions.lambda_backends[account_id][region_name]
        made = backend.create_function_url_config(
            said["TargetFunctionArn"], {"AuthType": said["AuthType"], "InvokeMode": said.get("InvokeMode")}
        )
        made.url = served("function_url", made.url + "/")
        return cls(made.function.function_arn, FunctionUrl=made.url, FunctionArn=made.function.function_arn)


class Alias(_Part, CloudFormationModel):
    @staticmethod
    def cloudformation_type():
        return "AWS::Lambda::Alias"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        said = cloudformation_json["Properties"]
        backend = functions.lambda_backends[account_id][region_name]
        name = said["FunctionName"].split(":function:")[-1]
        made = backend.create_alias(said["Name"], name, str(said["FunctionVersion"]), "", "")
        return cls(made.arn, AliasArn=made.arn)

    def delete(self, account_id, region_name):
        backend = functions.lambda_backends[account_id][region_name]
        for names in backend._lambdas._aliases.values():  # moto would keep them longer than their function
            for name in [n for n, alias in names.items() if alias.arn == self.physical_resource_id]:
                del names[name]


def _version_attribute(self, attribute_name):
    return self.version


functions.LambdaVersion.get_cfn_attribute = _version_attribute

_load_balancer = balancers.FakeLoadBalancer.__init__


def _at_the_peer(self, *args, **kwargs):
    _load_balancer(self, *args, **kwargs)
    self.dns_name = served("balancer", self.dns_name)


_balancer_attribute = balancers.FakeLoadBalancer.get_cfn_attribute


def _with_full_name(self, attribute_name):
    if attribute_name == "LoadBalancerFullName":
        return "app/rag-pilot/50dc6c495c0c9188"
    return _balancer_attribute(self, attribute_name)


balancers.FakeTargetGroup.get_cfn_attribute = lambda self, name: "targetgroup/rag/73e2d6bc24d8a067"  # its full name
balancers.FakeLoadBalancer.__init__ = _at_the_peer
balancers.FakeLoadBalancer.get_cfn_attribute = _with_full_name


_clean_json = parsing.clean_json


def _without_no_value(resource_json, resources_map):
    """Of a list, AWS::NoValue leaves nothing."""
    made = _clean_json(resource_json, resources_map)
    return [one for one in made if one is not None] if isinstance(resource_json, list) else made


parsing.clean_json = _without_no_value


def _different(self, incoming, stack_body, old):
    """AWS knows a parameter's default as its previous value, and moto only what was given, numbers as numbers."""
    before = {key: str(value) for key, value in old.stack_parameters.items()}
    same = all(p.get("UsePreviousValue") or before.get(p["ParameterKey"]) == p["ParameterValue"] for p in incoming)
    if same and old.template == stack_body:
        raise stacks.ValidationError(old.name, message="No updates are to be performed.")


def _resolved(self, instance, incoming_params):
    given = {p["ParameterKey"]: p["ParameterValue"] for p in incoming_params if "ParameterValue" in p}
    kept = {p["ParameterKey"] for p in incoming_params if p.get("UsePreviousValue")}
    return {**{key: value for key, value in instance.parameters.items() if key in kept}, **given}


stacks.CloudFormationResponse._validate_different_update = _different
backends.CloudFormationBackend._resolve_update_parameters = _resolved

_delete_vpc = vpcs.VPCBackend.delete_vpc


def _without_its_tables(self, vpc_id):
    """Moto keeps the route tables of a stack that is deleted, and then the network that they are of."""
    if not self.describe_subnets(filters={"vpc-id": vpc_id}):
        for table in self.describe_route_tables(filters={"vpc-id": vpc_id})[1:]:
            self.route_tables.pop(table.id)
    return _delete_vpc(self, vpc_id)


vpcs.VPCBackend.delete_vpc = _without_its_tables


ONE_AT_A_TIME = threading.RLock()


def _alone(method):
    """AWS knows a stack from the moment it is asked for; moto once it is made, so nobody may look in between."""

    def locked(self, *args, **kwargs):
        with ONE_AT_A_TIME:
            return method(self, *args, **kwargs)

    return locked


for _name in ("create_stack", "update_stack", "delete_stack", "describe_stacks"):
    setattr(backends.CloudFormationBackend, _name, _alone(getattr(backends.CloudFormationBackend, _name)))


_delete_stack = backends.CloudFormationBackend.delete_stack


class _NoOutputs(dict):
    def __init__(self, exports):
        super().__init__()
        self.exports = exports


def _gone_for_good(self, name_or_stack_id):
    """What moto does otherwise when a stack is deleted.

    Its outputs are worked out when somebody looks, which makes the balancer or function that they are of once more: a deleted
    stack that is described comes to life. And one whose deletion fails is forgotten, where AWS has it as DELETE_FAILED.
    """
    there = next((s for s in list(self.stacks.values()) if name_or_stack_id in (s.name, s.stack_id)), None)
    exports = there.exports if there is not None else []
    try:
        _delete_stack(self, name_or_stack_id)
    except Exception as error:  # noqa: BLE001 - whatever a service refuses
        there._add_stack_event("DELETE_FAILED", resource_status_reason=f"{type(error).__name__}: {error}")
        there.status = "DELETE_FAILED"
        self.stacks[there.stack_id] = there
    if there is not None:
        there.output_map = _NoOutputs(exports)


backends.CloudFormationBackend.delete_stack = _alone(_gone_for_good)


def list_imports(self):
    """Stacks whose template imports a name that ends as this one, on the stack that it begins with."""
    name = self._get_param("ExportName")
    base = next(e.exporting_stack_id for e in self.cloudformation_backend.list_exports(None)[0] if e.name == name)
    base = self.cloudformation_backend.get_stack(base).name
    users = [
        stack.name
        for stack in self.cloudformation_backend.stacks.values()
        if f"${{Base}}{name.removeprefix(base)}" in stack.template and stack.parameters.get("Base") == base
    ]
    rows = "".join(f"<member>{user}</member>" for user in users)
    return (
        '<ListImportsResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        f"<ListImportsResult><Imports>{rows}</Imports></ListImportsResult></ListImportsResponse>"
    )


stacks.CloudFormationResponse.list_imports = list_imports


def _gone_with_its_stack(self, account_id, region_name):
    self._backend.delete_service(self.cluster_name, self.name, force=True)


containers.Service.delete = _gone_with_its_stack


def simulate_principal_policy(self):
    """A user with a policy that allows everything may do everything, and anybody else nothing."""
    user = self._get_param("PolicySourceArn").rpartition("/")[2]
    policies = self.backend.get_user(user).managed_policies.values()
    statements = [one for policy in policies for one in json.loads(policy.versions[0].document)["Statement"]]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    decision = "allowed" if everything in statements else "implicitDeny"
    rows = "".join(
        f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>"
        f"<EvalDecision>{decision}</EvalDecision></member>"
        for action in self._get_param("ActionNames")
    )
    return (
        '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>'
        f"<IsTruncated>false</IsTruncated><EvaluationResults>{rows}</EvaluationResults>"
        "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    )


def get_account_settings(self):
    limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
    return json.dumps({"AccountLimit": limits, "AccountUsage": {"FunctionCount": 0}})


def get_aws_default_service_quota(self):
    asked = json.loads(self.body)
    value = DEFAULT_QUOTAS[asked["ServiceCode"], asked["QuotaCode"]]
    return json.dumps({"Quota": {**asked, "Value": value}})


# as AWS spells the names of their roles
SERVICE_NAME_CONVERSION.update(ecs="ECS", elasticloadbalancing="ElasticLoadBalancing")
IamResponse.simulate_principal_policy = simulate_principal_policy
LambdaResponse.get_account_settings = get_account_settings
urls_of_functions.url_paths["{0}/(?P<api_version>[^/]+)/account-settings/?$"] = LambdaResponse.dispatch
ServiceQuotasResponse.get_aws_default_service_quota = get_aws_default_service_quota


def _list_cost_allocation_tags(self):
    wanted = json.loads(self.body).get("TagKeys") or list(COST_TAGS)
    rows = [{"TagKey": key, "Type": "UserDefined", "Status": COST_TAGS[key]} for key in wanted if key in COST_TAGS]
    return json.dumps({"CostAllocationTags": rows})


def _update_cost_allocation_tags_status(self):
    COST_TAGS.update({row["TagKey"]: row["Status"] for row in json.loads(self.body)["CostAllocationTagsStatus"]})
    return json.dumps({"Errors": []})


def _list_cost_allocation_tag_backfill_history(self):
    return json.dumps({"BackfillRequests": BACKFILLS})


def _start_cost_allocation_tag_backfill(self):
    BACKFILLS.append({"BackfillFrom": json.loads(self.body)["BackfillFrom"], "BackfillStatus": "PROCESSING"})
    return json.dumps({"BackfillRequest": BACKFILLS[-1]})


for handler in (
    _list_cost_allocation_tags,
    _update_cost_allocation_tags_status,
    _list_cost_allocation_tag_backfill_history,
    _start_cost_allocation_tag_backfill,
):
    setattr(CostExplorerResponse, handler.__name__.removeprefix("_"), handler)


def serve(port):
    """Until the process is ended; not as ``python -m``, for moto reads its models' module names."""
    from moto.server import main

    main(["-H", "127.0.0.1", "-p", str(port)])
