"""Control planes: one file each, behind the three methods of ``Runtime``."""

from harness.cloud.aws import client
from harness.domain.target import AwsEcs, AwsLambda, LocalContainer, LocalFunction, Runtime, Target
from harness.runtimes.aws_ecs import EcsRuntime
from harness.runtimes.aws_lambda import LambdaRuntime
from harness.runtimes.external import ExternalRuntime
from harness.runtimes.local import LocalRuntime
from harness.workspace import Workspace


def runtime_of(target: Target, workspace: Workspace, base_url: str) -> Runtime:
    """The control side of a target that answers at ``base_url``."""
    match target.runtime:
        case LocalFunction() | LocalContainer():
            return LocalRuntime(target, workspace.root, base_url)
        case AwsLambda() as config:
            return LambdaRuntime(target, config, base_url, client("lambda", config.region))
        case AwsEcs() as config:
            return EcsRuntime(target, config, base_url, client("ecs", config.region))
        case _:
            return ExternalRuntime(target, base_url)


__all__ = ["runtime_of"]
