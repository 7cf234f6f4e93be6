"""boto3 clients; the SDK is imported only when a target names something of AWS."""

from __future__ import annotations

from typing import Any

from harness.errors import Refused


def client(service: str, region: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """A client with the environment's own credentials; raises Refused where boto3 is not installed."""
    try:
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415
    except ImportError:
        raise Refused(
            "a target names something of AWS and boto3 is not installed", "pip install 'runtime-pilot[aws]'"
        ) from None
    return boto3.client(
        service, region_name=region, config=Config(retries={"mode": "standard", "total_max_attempts": 3})
    )
