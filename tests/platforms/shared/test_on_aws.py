"""A campaign's machine on AWS, against an account in memory that holds every request to the SDK's service model."""

import copy
from contextlib import suppress
from decimal import Decimal
from functools import partial
from itertools import count

import pytest

from harness.errors import BadFile, PilotError, Refused
from harness.platforms.elsewhere import Elsewhere
from harness.platforms.shared.aws_deploy.stacks import Stacks
from harness.platforms.shared.book import read_book
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.on_aws import KIND, OnAws
from harness.platforms.shared.on_aws.machine import Machine, seen_in
from harness.platforms.shared.on_aws.template import folder
from harness.tables.problems import validate
from harness.workspace.generator_toml import read_elsewhere
from tests.peers.cuts import Cut
from tests.platforms.doubles import Hours
from tests.platforms.shared.aws_account import BEGAN, Account, arn

CONFIG = OnAws(region="us-east-1", until="2026-12-11")
STACK, PARAMETER = "rag-generator", "/runtime-pilot/rag-generator/variables"


class Price:
    """A machine's, by the hour; None: nobody may ask."""

    def __init__(self, usd="0.1"):
        self._usd = usd

    def __call__(self):
        if self._usd is None:
            raise PilotError("AccessDenied")
        return Decimal(self._usd)


def machine(account, usd="0.1", **said):
    hours = Hours()
    stacks = Stacks(account.make("cloudformation", ""), None, Pace(clock=hours, sleep=hours.sleep))
    clients = (account.make(name, "") for name in ("s3", "ssm", "ec2"))
    config = OnAws(region="us-east-1", **{"until": "2026-12-11", **said})
    return Machine(config, stacks, *clients, Price(usd), now=lambda: BEGAN)


def begun(made, bundle, variables, say):
    """As a campaign does it."""
    where = made.begin(variables, say)
    made.hand(bundle, say)
    return where


@pytest.fixture
def account():
    return Account(held=True)


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(b"of the workspace")
    return path


def whole(account):
    return (
        account.standing == {STACK: "CREATE_COMPLETE"}
        and "bundle.tar.gz" in account.objects
        and list(account.parameters) == [PARAMETER]
    )


def given(account):
    return {p["ParameterKey"]: p["ParameterValue"] for p in account.stacks[STACK]["Parameters"]}


def test_it_is_brought_up_with_its_variables_first_and_its_bundle_last(account, bundle):
    said = []
    made: Elsewhere = machine(account)

    assert made.there() is None
    assert begun(made, bundle, 'RAG_TOKEN="sesame"\n', said.append).made
    changes = ("put_parameter", "create_stack", "put_object")
    assert [name for _, name, _ in account.asked if name in changes] == [*changes, "put_object"]
    assert account.objects["control/UNTIL"] == b"2026-12-11\n"
    assert account.parameters == {PARAMETER: 'RAG_TOKEN="sesame"\n'}
    assert account.stacks[STACK]["Tags"] == [{"Key": "pilot", "Value": STACK}]
    assert given(account)["Subnet"] == "subnet-a"
    assert (made.there().store, made.there().handed) == ("sources", True)
    template = (folder() / "aws.yaml").read_text()
    assert len(template) < 51_200, "more goes by a bucket alone"
    assert "sesame" not in template + "".join(said)


def test_the_same_again_changes_nothing_hands_over_nothing_and_keeps_the_machine_at_work(account, bundle):
    begun(machine(account), bundle, "", print)
    account.objects["bundle.tar.gz"], account.image = b"what runs there", "ami-newer"

    assert not begun(machine(account), bundle, "", print).made
    assert account.objects["bundle.tar.gz"] == b"what runs there"
    [update] = [request for _, name, request in account.asked if name == "update_stack"]
    assert update["UsePreviousTemplate"]
    assert {"ParameterKey": "Image", "UsePreviousValue": True} in update["Parameters"]


def test_no_day_is_in_the_machines_user_data_for_another_one_would_restart_it():
    user_data = (folder() / "aws.yaml").read_text().partition("UserData:")[2].partition("\n  Address:")[0]

    assert "bundle.tar.gz" in user_data
    assert "${Until}" not in user_data


def test_it_stands_where_its_type_of_machine_is_offered(account, bundle):
    """The first zone of some accounts is an old one, which lacks every newer type."""
    account.zones = ["b"]
    begun(machine(account), bundle, "", print)
    assert given(account)["Subnet"] == "subnet-b"

    none = Account()
    none.zones = []
    with pytest.raises(PilotError, match=r"c7i.large is offered in no zone of us-east-1"):
        begun(machine(none), bundle, "", print)
    assert none.standing == {}


def test_a_later_day_reaches_a_machine_at_work_and_nothing_else_of_it_changes(account, bundle):
    begun(machine(account, until="2026-12-01"), bundle, "", print)
    before = given(account)
    account.image = "ami-newer"
    begun(machine(account, until="2026-12-04"), bundle, "", print)

    assert given(account) == before | {"Until": "2026-12-04"}


def test_one_that_is_still_being_made_keeps_what_it_is_made_of(bundle):
    for k in count(1):
        account = Account(k, after=True)
        with suppress(Cut):
            begun(machine(account), bundle, "", print)
        if account.standing == {STACK: "CREATE_IN_PROGRESS"}:
            break
    account.cut_at, account.image, account.stacks[STACK]["looks"] = None, "ami-newer", 9
    begun(machine(account), bundle, "", print)

    assert whole(account)
    assert given(account)["Image"] == "ami-0123"


@pytest.mark.parametrize("after", [False, True], ids=["before it is carried out", "after it"])
def test_one_that_was_cut_at_any_call_is_finished_by_the_next(bundle, after):
    account = Account()
    begun(machine(account), bundle, "", print)
    for k in range(1, account.calls + 1):
        cut = Account(k, after=after)
        with suppress(Cut):
            begun(machine(cut), bundle, "", print)
        begun(machine(cut), bundle, "", print)
        assert whole(cut), k
    assert k > 8


@pytest.mark.parametrize("after", [False, True], ids=["before it is carried out", "after it"])
def test_removing_that_was_cut_at_any_call_is_finished_by_the_next(bundle, after):
    account = Account()
    begun(machine(account), bundle, "", print)
    last = copy.deepcopy(account)
    machine(last).remove(print)
    for k in range(1, last.calls - account.calls + 1):
        cut = copy.deepcopy(account)
        cut.cut_at, cut.after = cut.calls + k, after
        with suppress(Cut):
            machine(cut).remove(print)
        assert machine(cut).remove(print) == ()
        assert (cut.standing, cut.objects, cut.parameters) == ({STACK: "DELETE_COMPLETE"}, {}, {}), k
    assert k > 5


def test_why_a_stack_could_not_be_made_is_its_first_cause_and_the_next_try_makes_it_anew(account, bundle):
    account.fails = {(STACK, "CREATE"): "You have requested more vCPU capacity"}
    with pytest.raises(PilotError, match=r"ended as ROLLBACK_COMPLETE\n  cause: Service .* more vCPU capacity"):
        begun(machine(account), bundle, "", print)
    account.fails, said = {}, []

    begun(machine(account), bundle, "", said.append)
    assert whole(account)
    assert any("an earlier try ended as ROLLBACK_COMPLETE" in line for line in said)


def test_a_stack_that_waits_for_somebodys_review_is_said_at_once_and_made_anew(account, bundle):
    """No change set of it was ever carried out: it never proceeds by itself."""
    account.stacks[STACK] = {
        "StackName": STACK,
        "StackId": arn(STACK),
        "StackStatus": "REVIEW_IN_PROGRESS",
        "looks": 1_000,
        "Tags": [{"Key": "pilot", "Value": STACK}],
        "CreationTime": BEGAN,
        "Parameters": [],
    }
    account.event(STACK, STACK, "REVIEW_IN_PROGRESS")
    said = []
    begun(machine(account), bundle, "", said.append)

    assert whole(account)
    assert "ended as REVIEW_IN_PROGRESS" in said[1]
    assert [name for _, name, _ in account.asked].index("delete_stack") < 12, "not waited for"


def test_what_it_says_and_what_it_measured_are_read_from_its_bucket(account, bundle, tmp_path):
    made = machine(account)
    begun(made, bundle, "", print)
    assert made.seen() is None
    account.objects |= {
        "state.json": b'{"utc": "2026-11-27T09:00:00+00:00", "service": "running", "exit_code": null}',
        **{f"evidence/{name}": name.encode() for name in ("plan.json", "journal.jsonl", "blocks/b01/x")},
    }

    assert (made.seen().service, made.seen().over) == ("running", False)
    assert made.fetch(tmp_path / "there") == 3
    assert (tmp_path / "there" / "blocks" / "b01" / "x").read_bytes() == b"blocks/b01/x"
    made.stop()
    assert "control/STOP" in account.objects


def test_a_key_that_leads_out_of_the_folder_is_not_written(account, bundle, tmp_path):
    begun(machine(account), bundle, "", print)
    account.objects["evidence/../../stranger"] = b""

    with pytest.raises(PilotError, match="lies outside of the evidence"):
        machine(account).fetch(tmp_path / "there")


def test_removing_it_leaves_nothing_and_again_is_no_error(account, bundle):
    begun(machine(account), bundle, "", print)
    account.objects |= {f"evidence/{n}": b"" for n in range(5)}

    assert machine(account).remove(print) == ()
    assert (account.standing, account.objects, account.parameters) == ({STACK: "DELETE_COMPLETE"}, {}, {})
    assert machine(account).remove(print) == ()


def test_a_machine_that_wrote_to_its_bucket_while_it_was_removed_is_emptied_once_more(account, bundle):
    begun(machine(account), bundle, "", print)
    account.fails = {(STACK, "DELETE"): "The bucket you tried to delete is not empty"}
    stands = machine(account)
    emptied = []

    def empties(**request):
        emptied.append([one["Key"] for one in request["Delete"]["Objects"]])
        if len(emptied) > 1:
            account.fails = {}
        return delete(**request)

    delete = stands._s3.delete_objects
    writes = partial(account.objects.setdefault, "state.json", b"")
    stands._s3 = Spied(stands._s3, writes, delete_objects=empties)

    assert stands.remove(print) == ()
    assert emptied == [["bundle.tar.gz", "control/UNTIL"], ["state.json"]]


class Spied:
    """A client, one method of which is another's; ``after`` each listing of the bucket something is written to it, once."""

    def __init__(self, client, after, **others):
        self._client, self._after, self._others = client, after, others

    def __getattr__(self, name):
        return self._others.get(name) or getattr(self._client, name)

    def list_objects_v2(self, **request):
        said, after = self._client.list_objects_v2(**request), self._after
        self._after = lambda: None
        after()
        return said


@pytest.mark.parametrize(
    ("usd", "until", "says"),
    [
        ("0.1", "2026-12-11", "c7i.large at 0.1 USD an hour until 2026-12-11: about 33 USD"),
        ("1", "2026-11-29", "about 39 USD, for its budget_usd is used up then"),
        (None, "2026-12-11", "could not be asked (AccessDenied): AWS Budgets alone holds it to 60 USD"),
    ],
)
def test_it_stops_on_the_day_that_is_named_or_when_its_hours_have_used_up_its_budget(account, bundle, usd, until, says):
    said = []
    begun(machine(account, usd), bundle, "", said.append)

    assert given(account)["Until"] == until
    assert says in "".join(said)


def test_a_budget_that_ends_before_any_midnight_is_refused_before_anything_is_made(account, bundle):
    with pytest.raises(Refused, match="budget_usd of 1 USD is used up before midnight UTC"):
        begun(machine(account, "0.1", budget_usd=1), bundle, "", print)
    assert (account.standing, account.parameters, account.objects) == ({}, {}, {})


def test_a_stack_of_somebody_else_is_not_removed(account, bundle):
    begun(machine(account), bundle, "", print)
    account.stacks[STACK]["Tags"] = []

    with pytest.raises(PilotError, match="does not carry the tag pilot=rag-generator"):
        machine(account).remove(print)
    assert account.objects, "nor what lies in its bucket"


@pytest.mark.parametrize("said", [b"", b"[]", b"{}", b'{"utc": 1, "service": "running", "exit_code": "x"}'])
def test_a_state_that_cannot_be_read_is_said(said):
    with pytest.raises(PilotError, match="what the machine says of itself cannot be read"):
        seen_in(said)


def test_variables_that_do_not_fit_are_refused_before_anything_is_made(account, bundle):
    with pytest.raises(Refused, match="more than 4096 bytes"):
        begun(machine(account), bundle, "X" * 5000, print)
    assert account.asked == []


def test_its_table_is_read_with_every_problem(tmp_path):
    with pytest.raises(BadFile, match=r"on.aws.until: want a day, as 2026-12-11"):
        validate(KIND.config, {"region": "us-east-1", "until": "soon"}, tmp_path, "on.aws")
    with pytest.raises(Refused, match="no such place: did you mean aws"):
        read_elsewhere({}, "awss", tmp_path)
    with pytest.raises(BadFile, match=r"on.aws: is required"):
        read_elsewhere({}, "aws", tmp_path)


def test_what_it_costs_an_hour_is_its_machine_volume_and_address_by_the_price_book():
    books = {"aws": read_book("aws-2026-11")}
    found = KIND.upkeep(CONFIG, books.get)
    unknown = KIND.upkeep(OnAws(region="us-east-1", until="2026-12-11", instance="x9.huge"), books.get)

    assert found.usd_per_hour == pytest.approx(Decimal("0.08925") + 30 * Decimal("0.08") / 730 + Decimal("0.005"))
    said = KIND.upkeep(OnAws(region="us-east-1", until="2026-12-11", instance="x9.huge", usd_per_hour=2), books.get)
    assert (unknown.usd_per_hour, said.usd_per_hour) == (None, 2)
    assert "holds no 'ec2_x9_huge_hour'" in unknown.why
