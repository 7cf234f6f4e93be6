"""Control planes: one file each, behind the three methods of ``Runtime``."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.domain.target import (
    AwsEcs,
    AwsLambda,
    AzureContainerApp,
    AzureFunctionApp,
    CloudRun,
    Kubernetes,
    Runtime,
    Target,
)
from harness.errors import PilotError
from harness.platforms.aws_ecs.control import EcsRuntime
from harness.platforms.aws_lambda.control import LambdaRuntime
from harness.platforms.azure_container_apps.control import ContainerAppRuntime
from harness.platforms.azure_functions.control import FunctionAppRuntime
from harness.platforms.cloud_run import control as cloud_run
from harness.platforms.cloud_run.control import CloudRunRuntime
from harness.platforms.external.control import ExternalRuntime
from harness.platforms.kubernetes.control import KubernetesRuntime
from harness.platforms.shared.answer import said_of
from harness.platforms.shared.aws import client
from harness.platforms.shared.embedded import LocalRuntime
from harness.platforms.shared.origins import azure, cluster, google

Make = Callable[[Target, Any, str], Runtime]
MAKE: Mapping[type, Make] = {
    AwsLambda: lambda target, config, url: LambdaRuntime(target, config, url, client("lambda", config.region)),
    AwsEcs: lambda target, config, url: EcsRuntime(target, config, url, client("ecs", config.region)),
    CloudRun: lambda target, config, url: CloudRunRuntime(target, config, url, google(cloud_run.HOST)),
    AzureContainerApp: lambda target, config, url: ContainerAppRuntime(target, config, url, azure()),
    AzureFunctionApp: lambda target, config, url: FunctionAppRuntime(target, config, url, azure()),
    Kubernetes: lambda target, config, url: KubernetesRuntime(
        target, config, url, cluster(config.api, config.token_env, config.ca_file)
    ),
}


def runtime_of(target: Target, root: Path, base_url: str) -> Runtime:
    """The control side of a target that answers at ``base_url``."""
    if target.embedded:
        return LocalRuntime(target, root, base_url)
    make = MAKE.get(type(target.runtime))
    return make(target, target.runtime, base_url) if make else ExternalRuntime(target, base_url)


def facts_of(runtime: Runtime) -> dict[str, Any]:
    """What the control side says; an answer that cannot be read is said as that, for a campaign goes on without it. Raises PilotError."""
    try:
        return dict(runtime.facts())
    except PilotError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a control plane answers
        return {"unreadable": said_of(error)}


__all__ = ["facts_of", "runtime_of"]
