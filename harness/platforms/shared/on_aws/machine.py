"""The machine that runs a campaign on AWS: a stack, a bucket in it, and a parameter with the targets' variables.

Verified: spec only; requests are held to botocore's service model in the tests, the template to the resource schemas, and what
runs on the machine is run in the tests with a stand-in for its ``aws`` and ``systemctl``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.errors import PilotError
from harness.platforms.elsewhere import BUNDLE, EVIDENCE, STATE, STOP, Say, Seen, Where
from harness.platforms.shared.aws import client
from harness.platforms.shared.aws_prices import REGION, aws_price
from harness.platforms.shared.call import call, demand
from harness.platforms.shared.on_aws import OnAws
from harness.platforms.shared.on_aws.stack import Stack

TAG = "pilot"
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
MOST_VARIABLES = 4096  # bytes of a parameter that costs nothing
WORDS = 5


class Machine:
    """Over four clients, and ``template``, the text of its stack."""

    def __init__(
        self,
        config: OnAws,
        template: str,
        stack: Stack,
        s3: Any,  # noqa: ANN401 - boto3 makes its clients at run time
        ssm: Any,  # noqa: ANN401
        ec2: Any,  # noqa: ANN401
        usd_per_hour: Callable[[], Decimal],
    ) -> None:
        self._config, self._template, self._stack = config, template, stack
        self._s3, self._ssm, self._ec2, self._usd_per_hour = s3, ssm, ec2, usd_per_hour

    def there(self) -> Where | None:
        outputs = self._stack.outputs()
        return Where(self._config.stack, outputs["Bucket"], made=False) if "Bucket" in outputs else None

    def begin(self, bundle: Path, variables: str, say: Say) -> Where:
        """The variables first, for the machine reads them as it comes up; the bundle last: with it the run begins."""
        self._keep(variables)
        made = self._stack.put(self._template, self._parameters(self._until(say)), self._once(), say)
        bucket = self._bucket()
        if not self._has(bucket, BUNDLE):
            say(f"{bundle.stat().st_size / 1e6:.1f} MB to s3://{bucket}/{BUNDLE}")
            with bundle.open("rb") as file:
                demand("the bundle could not be stored", self._s3.put_object, Bucket=bucket, Key=BUNDLE, Body=file)
        return Where(self._config.stack, bucket, made)

    def seen(self) -> Seen | None:
        said = call(self._s3.get_object, {"Bucket": self._bucket(), "Key": STATE})
        if isinstance(said, str):
            if "NoSuchKey" in said:
                return None
            raise PilotError(f"the machine's state cannot be read: {said}", "credentials that may read its bucket")
        return seen_in(said["Body"].read())

    def fetch(self, into: Path) -> int:
        bucket, count = self._bucket(), 0
        for key in self._keys(bucket, f"{EVIDENCE}/"):
            path = (into / key.removeprefix(f"{EVIDENCE}/")).resolve()
            if not path.is_relative_to(into.resolve()):
                raise PilotError(
                    f"s3://{bucket}/{key} lies outside of the evidence", "somebody else writes to this bucket"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            said = demand(f"{key} could not be fetched", self._s3.get_object, Bucket=bucket, Key=key)
            path.write_bytes(said["Body"].read())
            count += 1
        return count

    def stop(self) -> None:
        demand("it could not be asked to stop", self._s3.put_object, Bucket=self._bucket(), Key=STOP, Body=b"stop\n")

    def remove(self, say: Say) -> tuple[str, ...]:
        outputs = self._stack.outputs()
        if bucket := outputs.get("Bucket"):
            for key in list(self._keys(bucket, "")):
                demand(f"{key} could not be removed", self._s3.delete_object, Bucket=bucket, Key=key)
        gone = self._stack.remove(say)
        removed = call(self._ssm.delete_parameter, {"Name": self._parameter})
        left = [] if gone else [f"stack {self._config.stack}"]
        if isinstance(removed, str) and "ParameterNotFound" not in removed:
            left.append(f"parameter {self._parameter}: {removed}")
        return tuple(left)

    @property
    def _parameter(self) -> str:
        return f"/runtime-pilot/{self._config.stack}/variables"

    def _keep(self, variables: str) -> None:
        """As a secret, and never empty, which a parameter may not be."""
        if len(variables.encode()) > MOST_VARIABLES:
            raise PilotError(
                f"{self._config.variables} has more than {MOST_VARIABLES} bytes", "keep what the targets need"
            )
        demand(
            "the variables could not be kept",
            self._ssm.put_parameter,
            Name=self._parameter,
            Value=variables or "# none\n",
            Type="SecureString",
            Overwrite=True,
        )

    def _once(self) -> dict[str, str]:
        """What a machine that stands keeps."""
        if self._stack.outputs():
            return dict.fromkeys(("Image", "Subnet", "Vpc"), "")
        subnet, vpc = self._place()
        said = demand("the newest image cannot be found", self._ssm.get_parameter, Name=IMAGE)
        return {"Image": str(said["Parameter"]["Value"]), "Subnet": subnet, "Vpc": vpc}

    def _until(self, say: Say) -> str:
        """The day on which it stops: that of pilot.toml, or an earlier one by which its own hours have used up its budget."""
        config = self._config
        began = (self._stack.now() or {}).get("CreationTime") or datetime.now(UTC)
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
        found = demand("the subnets cannot be listed", self._ec2.describe_subnets, **request)["Subnets"]
        if not found:
            raise PilotError(f"{self._config.region} has no default subnet", 'on.aws.subnet = "subnet-…" names one')
        first = min(found, key=lambda one: str(one["AvailabilityZone"]))
        return str(first["SubnetId"]), str(first["VpcId"])

    def _bucket(self) -> str:
        where = self.there()
        if where is None:
            raise PilotError(f"there is no stack {self._config.stack}", "pilot run --on aws brings it up")
        return where.store

    def _has(self, bucket: str, key: str) -> bool:
        return key in set(self._keys(bucket, key))

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        page: dict[str, Any] = {}
        while True:
            said = demand("the bucket cannot be listed", self._s3.list_objects_v2, Bucket=bucket, Prefix=prefix, **page)
            yield from (str(one["Key"]) for one in said.get("Contents", ()))
            if not said.get("IsTruncated"):
                return
            page = {"ContinuationToken": said["NextContinuationToken"]}


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
    from harness.platforms.shared.on_aws.template import text  # noqa: PLC0415 - a file of the package

    stack = Stack(client("cloudformation", config.region), config.stack, {TAG: config.stack})
    s3, ssm, ec2 = (client(name, config.region) for name in ("s3", "ssm", "ec2"))
    return Machine(config, text(), stack, s3, ssm, ec2, lambda: _price(config))


def _price(config: OnAws) -> Decimal:
    """As an account without reservations pays it; raises PilotError."""
    found = aws_price(client("pricing", REGION), {"machine": config.instance}, config.region)
    return found.usd
