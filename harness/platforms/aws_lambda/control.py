"""The control plane of a Lambda function, reached through its alias where it has one.

Verified: spec only; requests and answers are held to botocore's service model in the
tests. Cold is made by a new value of an environment variable, which gives every
environment of ``$LATEST`` up; an alias is then moved to a new version. The first start
after it is a first start after a deployment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.domain.identities import without_identities
from harness.domain.lines import names_in
from harness.domain.target import Cold
from harness.errors import PilotError
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.shared.aws import client
from harness.platforms.shared.call import code_of, demand
from harness.platforms.shared.settling import Settling, controlling

COLD_VARIABLE = "PILOT_COLD"
SETTLE_S, POLL_S = 300.0, 1.0
SAID = names_in(
    "MemorySize Timeout Runtime Handler PackageType Architectures CodeSha256 Version LastModified EphemeralStorage SnapStart"
)


class LambdaRuntime(Settling[AwsLambda]):
    """Its function is what is asked and changed."""

    def facts(self) -> dict[str, Any]:
        """Configuration without values of variables and without account ids; what may not be read says why."""
        config, name = self._config, {"FunctionName": self._config.function}
        said = self._asked(self._api.get_function_configuration, **name, **self._qualifier())
        variables = sorted(((said.get("Environment") or {}).get("Variables") or {}).keys())
        found: dict[str, Any] = without_identities(
            {
                "kind": "aws-lambda",
                "function": config.function,
                "alias": config.alias,
                "region": config.region,
                **{key: said[key] for key in SAID if key in said},
                **({"unreadable": said["unreadable"]} if "unreadable" in said else {}),
                "variables": variables,
                "reserved": self._asked(self._api.get_function_concurrency, **name),
                "url": self._asked(self._api.get_function_url_config, **name, **self._qualifier()),
                "provisioned": self._provisioned(),
            }
        )
        return found

    def make_cold(self) -> Cold:
        """Raises PilotError when the control plane refuses or does not settle."""
        config, name = self._config, {"FunctionName": self._config.function}
        doing = f"{self._target.name} could not be made cold"
        now = demand(doing, self._api.get_function_configuration, **name)
        variables = dict((now.get("Environment") or {}).get("Variables") or {})
        before = str(variables.get(COLD_VARIABLE) or "0")
        variables[COLD_VARIABLE] = str(int(before) + 1 if before.isdecimal() else 1)
        # with it somebody else's change between the two calls is refused; not every endpoint of Lambda's API has one
        same = {"RevisionId": now["RevisionId"]} if "RevisionId" in now else {}
        changed = {"Environment": {"Variables": variables}, **same}
        demand(doing, self._api.update_function_configuration, **name, **changed)
        self._until("the update", self._update_ended, SETTLE_S, POLL_S)
        said = f"{COLD_VARIABLE} set to {variables[COLD_VARIABLE]}"
        if config.alias is None:
            return Cold("new-version", f"{said} on $LATEST")
        version = demand(doing, self._api.publish_version, **name).get("Version")
        if not version:
            raise PilotError(
                f"{doing}: its new version has no number", "try again, and look at the function's versions"
            )
        demand(doing, self._api.update_alias, **name, Name=config.alias, FunctionVersion=version)
        self._until("provisioned concurrency", self._provisioned_ready, SETTLE_S, POLL_S)
        return Cold("new-version", f"{said}, alias {config.alias} moved to version {version}")

    def _qualifier(self) -> dict[str, str]:
        return {"Qualifier": self._config.alias} if self._config.alias else {}

    def _update_ended(self) -> bool:
        said = self._api.get_function_configuration(FunctionName=self._config.function)
        status = str(said.get("LastUpdateStatus"))
        if status == "Failed":
            reason = said.get("LastUpdateStatusReason", "no reason given")
            raise PilotError(
                f"{self._target.name}: the update failed: {reason}",
                "the function's configuration says why; then try again",
            )
        return status == "Successful"

    def _provisioned_ready(self) -> bool:
        """Raises PilotError where it failed, or its price says that there is some and nobody may ask."""
        said = self._provisioned()
        prices = self._target.prices
        kept = bool(prices and float(prices.parameters.get("provisioned", 0)))
        if said.get("status") == "FAILED" or (kept and "unreadable" in said):
            why = said.get("unreadable", "it failed")
            raise PilotError(
                f"{self._target.name}: whether its provisioned environments are ready is not known: {why}",
                "allow lambda:GetProvisionedConcurrencyConfig; the function's own page says why it failed",
            )
        return said.get("status") in (None, "READY")

    def _provisioned(self) -> dict[str, Any]:
        """Empty without an alias, and where the function has none."""
        if self._config.alias is None:
            return {}
        said = self._asked(
            self._api.get_provisioned_concurrency_config,
            FunctionName=self._config.function,
            Qualifier=self._config.alias,
        )
        if said.get("unreadable", "").startswith("ProvisionedConcurrencyConfigNotFound"):
            return {}
        wanted = said.get("RequestedProvisionedConcurrentExecutions")
        return said if "unreadable" in said else {"status": said.get("Status"), "requested": wanted}

    def _asked(self, call: Callable[..., dict[str, Any]], **request: str) -> dict[str, Any]:
        """The answer without its metadata; a refused question is an answer of its own."""
        try:
            answer = call(**request)
        except Exception as error:  # noqa: BLE001 - facts are told as far as they may be read
            return {"unreadable": code_of(error)}
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


control = controlling(LambdaRuntime, AwsLambda, lambda config: client("lambda", config.region))
