"""The machine that runs a campaign on AWS: a stack, a bucket in it, and a parameter with the targets' variables.

Verified: real peer; against moto, with the machine's first start and services run by systemd in a root of their own
(tests/stories/test_on_aws.py). No account has run it: no package was downloaded there, and no AWS budget stopped it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.errors import PilotError, Refused
from harness.platforms.elsewhere import BUNDLE, EVIDENCE, STATE, STOP, Say, Seen, Where
from harness.platforms.shared.aws import client
from harness.platforms.shared.aws_deploy.api import AwsError, asked, found
from harness.platforms.shared.aws_deploy.bucket import emptied, keys
from harness.platforms.shared.aws_deploy.part import TAG_KEY
from harness.platforms.shared.aws_deploy.stacks import DEAD, Stacks, Wanted, ours, outputs_of
from harness.platforms.shared.aws_prices import REGION, aws_price
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.deploy.part import Tag
from harness.platforms.shared.on_aws import OnAws
from harness.platforms.shared.on_aws.template import folder

UNTIL = "control/UNTIL"  # not in the machine's user data: another day there would restart it
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
ONCE = frozenset({"Image", "Subnet", "Vpc"})  # a newer one of these would replace a machine at work
MINUTES = 3.0  # roughly, for its stack
MOST_VARIABLES = 4096  # bytes of a parameter that costs nothing
WORDS = 5
TRIES = 2  # a machine that still ran may have written to the bucket once more


class Machine:
    """Over stacks and three clients."""

    def __init__(
        self,
        config: OnAws,
        stacks: Stacks,
        s3: Any,  # noqa: ANN401 - boto3 makes its clients at run time
        ssm: Any,  # noqa: ANN401
        ec2: Any,  # noqa: ANN401
        usd_per_hour: Callable[[], Decimal],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._config, self._stacks = config, stacks
        self._s3, self._ssm, self._ec2, self._usd_per_hour, self._now = s3, ssm, ec2, usd_per_hour, now
        self._tag = Tag(TAG_KEY, config.stack)

    def there(self) -> Where | None:
        if "Bucket" not in self._outputs():
            return None
        return self._where(made=False)

    def _where(self, *, made: bool) -> Where:
        bucket = self._bucket()
        handed, address = self._has(bucket, BUNDLE), self._outputs().get("Address")
        return Where(self._config.stack, bucket, made, handed, address)

    def begin(self, variables: str, say: Say) -> Where:
        """The variables first, for the machine reads them as it comes up."""
        if len(variables.encode()) > MOST_VARIABLES:
            raise Refused(
                f"{self._config.variables} has more than {MOST_VARIABLES} bytes", "keep what the targets need"
            )
        until = self._until(say)
        parameters = {**self._parameters(until), **self._once()}
        self._keep(variables)
        template = folder() / "aws.yaml"
        want = Wanted(self._config.stack, template, parameters, self._tag, MINUTES, kept=ONCE)
        made = self._stacks.put(want, _Heard(say)).did != "kept"
        day = f"{until}\n".encode()
        asked("its day could not be told", self._s3.put_object, Bucket=self._bucket(), Key=UNTIL, Body=day)
        return self._where(made=made)

    def hand(self, bundle: Path, say: Say) -> None:
        """With it the run begins."""
        bucket = self._bucket()
        if not self._has(bucket, BUNDLE):
            say(f"{bundle.stat().st_size / 1e6:.1f} MB to s3://{bucket}/{BUNDLE}")
            with bundle.open("rb") as file:
                asked("the bundle could not be stored", self._s3.put_object, Bucket=bucket, Key=BUNDLE, Body=file)

    def seen(self) -> Seen | None:
        bucket = self._bucket()
        said = found("the machine's state", self._s3.get_object, "NoSuchKey", Bucket=bucket, Key=STATE)
        return None if said is None else seen_in(said["Body"].read())

    def fetch(self, into: Path) -> int:
        bucket, count = self._bucket(), 0
        for key in keys(self._s3, bucket, f"{EVIDENCE}/"):
            path = (into / key.removeprefix(f"{EVIDENCE}/")).resolve()
            if not path.is_relative_to(into.resolve()):
                raise PilotError(
                    f"s3://{bucket}/{key} lies outside of the evidence", "somebody else writes to this bucket"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            said = asked(f"{key} could not be fetched", self._s3.get_object, Bucket=bucket, Key=key)
            path.write_bytes(said["Body"].read())
            count += 1
        return count

    def stop(self) -> None:
        asked("it could not be asked to stop", self._s3.put_object, Bucket=self._bucket(), Key=STOP, Body=b"stop\n")

    def remove(self, say: Say) -> tuple[str, ...]:
        """Raises PilotError, the cause first, where its stack stays."""
        for left in reversed(range(TRIES)):
            if there := self._stacks.now(self._config.stack):
                ours(there, self._tag)
                if bucket := outputs_of(there).get("Bucket"):
                    emptied(self._s3, bucket)
            try:
                self._stacks.remove(self._config.stack, self._tag, _Heard(say))
                break
            except PilotError:
                if not left:
                    raise
        gone = "ParameterNotFound"
        found(f"parameter {self._parameter}", self._ssm.delete_parameter, gone, Name=self._parameter)
        still = found(f"parameter {self._parameter}", self._ssm.get_parameter, gone, Name=self._parameter)
        return (f"parameter {self._parameter}",) if still else ()

    @property
    def _parameter(self) -> str:
        return f"/runtime-pilot/{self._config.stack}/variables"

    def _outputs(self) -> dict[str, str]:
        """Of a stack that stands; empty while it is made, and without one."""
        there = self._stacks.now(self._config.stack)
        return {} if there is None or there["StackStatus"] in DEAD else outputs_of(there)

    def _keep(self, variables: str) -> None:
        """As a secret, and never empty, which a parameter may not be."""
        asked(
            "the variables could not be kept",
            self._ssm.put_parameter,
            Name=self._parameter,
            Value=variables or "# none\n",
            Type="SecureString",
            Overwrite=True,
        )

    def _once(self) -> dict[str, str]:
        """Nothing for a machine that stands: it keeps what it has."""
        if self._outputs():
            return {}
        subnet, vpc = self._place()
        said = asked("the newest image cannot be found", self._ssm.get_parameter, Name=IMAGE)
        return {"Image": str(said["Parameter"]["Value"]), "Subnet": subnet, "Vpc": vpc}

    def _until(self, say: Say) -> str:
        """The day on which it stops: that of pilot.toml, or an earlier one by which its own hours have used up its budget."""
        config = self._config
        stands = (self._stacks.now(config.stack) or {}).get("CreationTime")
        began = stands or self._now()
        try:
            price = self._usd_per_hour()
        except PilotError as error:
            say(
                f"what {config.instance} costs could not be asked ({error}): AWS Budgets alone holds it to {config.budget_usd} USD"
            )
            return config.until
        paid = (began + timedelta(hours=float(config.budget_usd / price))).date().isoformat()
        until = min(config.until, paid)
        hours = (datetime.fromisoformat(f"{until}T00:00:00+00:00") - began).total_seconds() / 3600
        if hours <= 0 and not stands:
            raise Refused(
                f"on.aws.budget_usd of {config.budget_usd} USD is used up before midnight UTC, when the machine would be stopped",
                f"{config.instance} costs {price} USD an hour: raise it, or name a smaller instance",
            )
        why = "" if until == config.until else ", for its budget_usd is used up then"
        say(f"{config.instance} at {price} USD an hour until {until}: about {float(price) * hours:.0f} USD{why}")
        return until

    def _parameters(self, until: str) -> dict[str, str]:
        config = self._config
        return {
            "InstanceType": config.instance,
            "VolumeGiB": str(config.volume_gib),
            "Until": until,
            "BudgetUsd": str(config.budget_usd),
            "Policies": ",".join(config.policies),
            "Variables": self._parameter,
        }

    def _place(self) -> tuple[str, str]:
        """A subnet and its network; the account's own default ones where none is named."""
        named = {"SubnetIds": [self._config.subnet]} if self._config.subnet else {}
        default = [{"Name": "default-for-az", "Values": ["true"]}]
        request: dict[str, Any] = named or {"Filters": default}
        rows = asked("the subnets cannot be listed", self._ec2.describe_subnets, **request)["Subnets"]
        if not rows:
            raise PilotError(f"{self._config.region} has no default subnet", 'on.aws.subnet = "subnet-…" names one')
        has = self._zones()
        there = [one for one in rows if named or has is None or one["AvailabilityZone"] in has]
        if not there:
            raise PilotError(
                f"{self._config.instance} is offered in no zone of {self._config.region} with a default subnet",
                "on.aws.instance names another, or on.aws.subnet where it is offered",
            )
        first = min(there, key=lambda one: str(one["AvailabilityZone"]))
        return str(first["SubnetId"]), str(first["VpcId"])

    def _zones(self) -> set[str] | None:
        """That offer its type of machine: older zones lack newer ones. None where nobody may ask."""
        wanted = [{"Name": "instance-type", "Values": [self._config.instance]}]
        request = {"LocationType": "availability-zone", "Filters": wanted}
        try:
            said = asked("zones of the machine", self._ec2.describe_instance_type_offerings, **request)
        except AwsError as error:
            if error.denied:
                return None
            raise
        return {str(one["Location"]) for one in said["InstanceTypeOfferings"]}

    def _bucket(self) -> str:
        if (bucket := self._outputs().get("Bucket")) is None:
            raise PilotError(f"there is no stack {self._config.stack}", "pilot run --on aws brings it up")
        return bucket

    def _has(self, bucket: str, key: str) -> bool:
        return key in keys(self._s3, bucket, key)


class _Heard:
    """Whoever follows hears what a stack says that lasts; how far it is goes by."""

    def __init__(self, say: Say) -> None:
        self.say = say

    def work(self, text: str) -> None:
        pass


def seen_in(data: bytes) -> Seen:
    """What the machine wrote; raises PilotError for what cannot be read."""
    try:
        said = json.loads(data)
        code = said["exit_code"]
        return Seen(
            utc=str(said["utc"]),
            service=str(said["service"]),
            exit_code=None if code is None else int(code),
            board=said.get("board") if isinstance(said.get("board"), dict) else None,
            words=tuple(map(str, said.get("words") or ()))[-WORDS:],
        )
    except (ValueError, LookupError, TypeError) as error:
        raise PilotError(
            f"what the machine says of itself cannot be read: {error}", "it says it anew every minute"
        ) from None


def machine(config: OnAws) -> Machine:
    """With the environment's own credentials."""
    stacks = Stacks(client("cloudformation", config.region), None, Pace())  # no service of ECS is in it
    s3, ssm, ec2 = (client(name, config.region) for name in ("s3", "ssm", "ec2"))
    return Machine(config, stacks, s3, ssm, ec2, lambda: _price(config))


def _price(config: OnAws) -> Decimal:
    """As an account without reservations pays it; raises PilotError."""
    return aws_price(client("pricing", REGION), {"machine": config.instance}, config.region).usd
