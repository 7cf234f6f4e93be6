"""Control planes: one file each, behind the three methods of ``Runtime``."""

from harness.domain.target import Runtime, Target
from harness.runtimes.external import ExternalRuntime
from harness.runtimes.local import LocalRuntime
from harness.workspace import Workspace


def runtime_of(target: Target, workspace: Workspace, base_url: str) -> Runtime:
    """The control side of a target that answers at ``base_url``."""
    if target.embedded:
        return LocalRuntime(target, workspace.root, base_url)
    return ExternalRuntime(target, base_url)


__all__ = ["runtime_of"]
