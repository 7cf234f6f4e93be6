"""boto3 clients; the SDK is imported only when a target names something of AWS.

What is tried again is botocore's standard mode: throttling by any of its names, 500, 502, 503, 504, connections that
break, answers that do not come; it waits at random up to twice as long each time, 20 s at most.
"""

from __future__ import annotations

from typing import Any

from harness.platforms.shared.call_policy import POLICY, CallPolicy

METADATA_S = 1.0  # of this machine's own metadata service, which answers at once or is not there


def client(service: str, region: str, policy: CallPolicy = POLICY) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """A client with the environment's own credentials."""
    import boto3  # noqa: PLC0415 - slow to import, and only a target of AWS needs it

    return boto3.client(service, region_name=region, config=_config(policy))


def session() -> Any:  # noqa: ANN401 - botocore is untyped
    """Where credentials are looked for; what it asks of AWS on the way, as a role, is held to the policy too."""
    from botocore.session import Session  # noqa: PLC0415 - only a target of AWS needs it

    made = Session()
    made.set_config_variable("metadata_service_timeout", METADATA_S)
    made.set_config_variable("metadata_service_num_attempts", 1)
    made.set_default_client_config(_config(POLICY))
    return made


def _config(policy: CallPolicy) -> Any:  # noqa: ANN401
    from botocore.config import Config  # noqa: PLC0415

    return Config(
        connect_timeout=policy.connect_s,
        read_timeout=policy.read_s,
        retries={"mode": "standard", "total_max_attempts": policy.tries},
    )
