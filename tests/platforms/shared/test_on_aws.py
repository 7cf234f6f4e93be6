"""A campaign's machine on AWS, against an account that holds every request to the SDK's service model."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from harness.errors import BadFile, PilotError, Refused
from harness.platforms.elsewhere import Elsewhere
from harness.platforms.shared.on_aws import KIND, OnAws
from harness.platforms.shared.on_aws.machine import Machine, seen_in
from harness.platforms.shared.on_aws.stack import Stack
from harness.platforms.shared.on_aws.template import text
from harness.tables.problems import validate
from harness.workspace.generator_toml import read_elsewhere
from tests.platforms.rigs import KEYS, Clock

CONFIG = OnAws(region="us-east-1", until="2026-12-11")
TAGS = [{"Key": "pilot", "Value": "rag-generator"}]


@cache
def model(service):
    return boto3.client(service, **KEYS).meta.service_model


def no(code, words):
    return ClientError({"Error": {"Code": code, "Message": words}}, "Operation")


class Account:
    """Its stack takes three looks to be there; ``ends`` is how."""

    def __init__(self):
        self.stack, self.objects, self.parameters, self.requests = None, {}, {}, []
        self.ends, self.looks, self.next = "CREATE_COMPLETE", 0, None
        self.events, self.usd, self.began = [], Decimal("0.1"), datetime(2026, 11, 27, tzinfo=UTC)

    def client(self, service):
        return Client(self, service)

    def machine(self):
        clock = Clock()
        stack = Stack(self.client("cloudformation"), CONFIG.stack, {"pilot": CONFIG.stack}, clock, clock.sleep)
        clients = (self.client(name) for name in ("s3", "ssm"))
        return Machine(CONFIG, text(), stack, *clients, self, self.price)

    def price(self):
        if self.usd is None:
            raise PilotError("AccessDenied")
        return self.usd

    # -- CloudFormation

    def describe_stacks(self, **_):
        self.looks -= 1
        if self.looks == 0:
            self.stack = None if self.next == "GONE" else self.stack | {"StackStatus": self.next}
        if self.stack is None:
            raise no("ValidationError", "Stack with id rag-generator does not exist")
        return {"Stacks": [self.stack]}

    def create_stack(self, **request):
        assert request["Tags"] == TAGS
        assert len(request["TemplateBody"]) < 51_200, "more goes by a bucket alone"
        self.stack = {
            "StackName": request["StackName"],
            "StackStatus": "CREATE_IN_PROGRESS",
            "CreationTime": self.began,
            "Parameters": {p["ParameterKey"]: p["ParameterValue"] for p in request.get("Parameters", ())},
            "Tags": request["Tags"],
            "Outputs": [{"OutputKey": "Bucket", "OutputValue": "b"}],
        }
        self.looks, self.next = 3, self.ends
        return {}

    def update_stack(self, **request):
        assert request["UsePreviousTemplate"], "a machine at work is not replaced"
        assert {"ParameterKey": "Image", "UsePreviousValue": True} in request["Parameters"]
        assert request["Tags"][0] in TAGS
        raise no("ValidationError", "No updates are to be performed.")

    def delete_stack(self, **_):
        assert not self.objects, "a bucket that is not empty stays"
        self.stack |= {"StackStatus": "DELETE_IN_PROGRESS"}
        self.looks, self.next = 3, "GONE"
        return {}

    def describe_stack_events(self, **_):
        return {"StackEvents": self.events}

    # -- S3, Systems Manager, EC2

    def put_object(self, Key, Body, **_):  # noqa: N803 - the API's own names
        self.objects[Key] = Body if isinstance(Body, bytes) else Body.read()
        return {}

    def get_object(self, Key, **_):  # noqa: N803
        if Key not in self.objects:
            raise no("NoSuchKey", "The specified key does not exist.")
        return {"Body": io.BytesIO(self.objects[Key])}

    def list_objects_v2(self, Prefix, ContinuationToken="0", **_):  # noqa: N803
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        at = int(ContinuationToken)
        page = keys[at : at + 2]
        more = {"IsTruncated": True, "NextContinuationToken": str(at + 2)} if at + 2 < len(keys) else {}
        return {"Contents": [{"Key": key} for key in page], **more}

    def delete_object(self, Key, **_):  # noqa: N803
        del self.objects[Key]
        return {}

    def put_parameter(self, **request):
        assert request["Type"] == "SecureString"
        self.parameters[request["Name"]] = request["Value"]
        return {}

    def get_parameter(self, **_):
        return {"Parameter": {"Value": "ami-0123"}}

    def delete_parameter(self, Name):  # noqa: N803
        if self.parameters.pop(Name, None) is None:
            raise no("ParameterNotFound", "")
        return {}

    def describe_subnets(self, **_):
        return {"Subnets": [{"SubnetId": f"subnet-{z}", "VpcId": "vpc-1", "AvailabilityZone": z} for z in "ba"]}


class Client:
    def __init__(self, account, service):
        self._account, self._service = account, service

    def __getattr__(self, name):
        def ask(**request):
            operation = "".join(part.title() for part in name.split("_"))
            shape = model(self._service).operation_model(operation).input_shape
            problems = ParamValidator().validate(request, shape)
            assert not problems.has_errors(), problems.generate_report()
            self._account.requests.append(name)
            return getattr(self._account, name)(**request)

        return ask


@pytest.fixture
def account():
    return Account()


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(b"of the workspace")
    return path


def test_it_is_brought_up_with_its_variables_first_and_its_bundle_last(account, bundle):
    said = []
    machine: Elsewhere = account.machine()

    assert machine.there() is None
    assert machine.begin(bundle, 'RAG_TOKEN="sesame"\n', said.append).made
    asked = [r for r in account.requests if r in ("put_parameter", "create_stack", "put_object")]
    assert asked == ["put_parameter", "create_stack", "put_object"]
    assert account.parameters == {"/runtime-pilot/rag-generator/variables": 'RAG_TOKEN="sesame"\n'}
    assert machine.there().store == "b"
    assert "sesame" not in text() + "".join(said)


def test_the_same_again_changes_nothing_and_hands_over_nothing(account, bundle):
    account.machine().begin(bundle, "", print)
    account.objects["bundle.tar.gz"] = b"what runs there"

    assert not account.machine().begin(bundle, "", print).made
    assert account.objects["bundle.tar.gz"] == b"what runs there"


def test_one_that_was_cut_while_it_was_made_goes_on(account, bundle):
    account.create_stack(StackName="rag-generator", Tags=TAGS, TemplateBody="")
    account.machine().begin(bundle, "", print)

    assert account.requests.count("create_stack") == 0
    assert "bundle.tar.gz" in account.objects


def test_why_a_stack_could_not_be_made_is_its_first_cause_and_the_next_try_makes_it_anew(account, bundle):
    account.ends = "ROLLBACK_COMPLETE"
    failed = {"ResourceType": "AWS::EC2::Instance", "ResourceStatus": "CREATE_FAILED"}
    stack = {"ResourceType": "AWS::CloudFormation::Stack", "LogicalResourceId": "rag-generator"}
    account.events = [
        failed | {"LogicalResourceId": "Role", "ResourceStatusReason": "Resource creation cancelled"},
        failed | {"LogicalResourceId": "Machine", "ResourceStatusReason": "You have requested more vCPU capacity"},
        stack | {"ResourceStatus": "CREATE_IN_PROGRESS"},
        failed | {"LogicalResourceId": "Bucket", "ResourceStatusReason": "of an earlier try"},
    ]
    with pytest.raises(
        PilotError,
        match=r"ROLLBACK_COMPLETE: Machine \(AWS::EC2::Instance\) CREATE_FAILED: You have requested more vCPU",
    ):
        account.machine().begin(bundle, "", print)
    account.ends = "CREATE_COMPLETE"

    account.machine().begin(bundle, "", print)
    assert account.requests.count("delete_stack") == 1


def test_what_it_says_and_what_it_measured_are_read_from_its_bucket(account, bundle, tmp_path):
    machine = account.machine()
    machine.begin(bundle, "", print)
    assert machine.seen() is None
    account.objects |= {
        "state.json": b'{"utc": "2026-11-27T09:00:00+00:00", "service": "running", "exit_code": null}',
        **{f"evidence/{name}": name.encode() for name in ("plan.json", "journal.jsonl", "blocks/b01/x")},
    }

    assert (machine.seen().service, machine.seen().over) == ("running", False)
    assert machine.fetch(tmp_path / "there") == 3
    assert (tmp_path / "there" / "blocks" / "b01" / "x").read_bytes() == b"blocks/b01/x"
    machine.stop()
    assert "control/STOP" in account.objects


def test_a_key_that_leads_out_of_the_folder_is_not_written(account, bundle, tmp_path):
    account.machine().begin(bundle, "", print)
    account.objects["evidence/../../stranger"] = b""

    with pytest.raises(PilotError, match="lies outside of the evidence"):
        account.machine().fetch(tmp_path / "there")


def test_removing_it_leaves_nothing_and_again_is_no_error(account, bundle):
    account.machine().begin(bundle, "", print)
    account.objects |= {f"evidence/{n}": b"" for n in range(5)}

    assert account.machine().remove(print) == ()
    assert (account.stack, account.objects, account.parameters) == (None, {}, {})
    assert account.machine().remove(print) == ()


@pytest.mark.parametrize(
    ("usd", "until", "says"),
    [
        ("0.1", "2026-12-11", "c7i.large at 0.1 USD an hour until 2026-12-11: about 34 USD"),
        ("1", "2026-11-29", "about 48 USD, for its budget_usd is used up then"),
        (None, "2026-12-11", "could not be asked (AccessDenied): AWS Budgets alone holds it to 60 USD"),
    ],
)
def test_it_stops_on_the_day_that_is_named_or_when_its_hours_have_used_up_its_budget(account, bundle, usd, until, says):
    account.usd, said = usd and Decimal(usd), []
    account.machine().begin(bundle, "", print)  # made: from here on the stack's own age counts
    assert account.machine()._until(said.append) == until

    assert says in "".join(said)


def test_a_stack_of_somebody_else_is_not_removed(account, bundle):
    account.machine().begin(bundle, "", print)
    account.stack |= {"Tags": []}

    with pytest.raises(PilotError, match="does not carry this pilot's tags"):
        account.machine().remove(print)


@pytest.mark.parametrize("said", [b"", b"[]", b"{}", b'{"utc": 1, "service": "running", "exit_code": "x"}'])
def test_a_state_that_cannot_be_read_is_said(said):
    with pytest.raises(PilotError, match="what the machine says of itself cannot be read"):
        seen_in(said)


def test_variables_that_do_not_fit_are_refused_before_anything_is_made(account, bundle):
    with pytest.raises(PilotError, match="more than 4096 bytes"):
        account.machine().begin(bundle, "X" * 5000, print)
    assert account.requests == []


def test_its_table_is_read_with_every_problem(tmp_path):
    with pytest.raises(BadFile, match=r"on.aws.until: want a day, as 2026-12-11"):
        validate(KIND.config, {"region": "us-east-1", "until": "soon"}, tmp_path, "on.aws")
    with pytest.raises(Refused, match="no such place: did you mean aws"):
        read_elsewhere({}, "awss", tmp_path)
    with pytest.raises(BadFile, match=r"on.aws: is required"):
        read_elsewhere({}, "aws", tmp_path)
