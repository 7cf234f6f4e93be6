"""A target's control side, whatever its platform is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.domain.target import Runtime, Target
from harness.errors import PilotError
from harness.platforms import registry
from harness.platforms.shared.answer import said_of


def runtime_of(target: Target, root: Path, base_url: str) -> Runtime:
    """The control side of a target that answers at ``base_url``; ``root`` is the workspace's folder."""
    control = registry.platform_of(target).control
    assert control is not None, (
        "a platform with a runtime has a control side, if only one that says that it knows nothing"
    )
    return control(target, root, base_url)


def facts_of(runtime: Runtime) -> dict[str, Any]:
    """What the control side says; an answer that cannot be read is said as that, for a campaign goes on without it. Raises PilotError."""
    try:
        return dict(runtime.facts())
    except PilotError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a control plane answers
        return {"unreadable": said_of(error)}
