"""Control planes: one file each, behind the three methods of ``Runtime``."""

from collections.abc import Callable, Mapping
from typing import Any

from harness.cloud.answer import said_of
from harness.cloud.aws import client
from harness.cloud.origins import azure, cluster, google
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
from harness.runtimes import cloud_run
from harness.runtimes.aws_ecs import EcsRuntime
from harness.runtimes.aws_lambda import LambdaRuntime
from harness.runtimes.azure_container_apps import ContainerAppRuntime
from harness.runtimes.azure_functions import FunctionAppRuntime
from harness.runtimes.cloud_run import CloudRunRuntime
from harness.runtimes.external import ExternalRuntime
from harness.runtimes.kubernetes import KubernetesRuntime
from harness.runtimes.local import LocalRuntime
from harness.workspace import Workspace

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


def runtime_of(target: Target, workspace: Workspace, base_url: str) -> Runtime:
    """The control side of a target that answers at ``base_url``."""
    if target.embedded:
        return LocalRuntime(target, workspace.root, base_url)
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
