"""What a person writes: pilot.toml, targets/*/target.toml, questions, and the corpus they refer to."""

from harness.workspace.read import Workspace, find, open_workspace

__all__ = ["Workspace", "find", "open_workspace"]
