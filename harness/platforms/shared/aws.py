"""boto3 clients; the SDK is imported only when a target names something of AWS."""

from __future__ import annotations

from typing import Any


def client(service: str, region: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """A client with the environment's own credentials."""
    import boto3  # noqa: PLC0415 - slow to import, and only a target of AWS needs it
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client(
        service, region_name=region, config=Config(retries={"mode": "standard", "total_max_attempts": 3})
    )
