"""One supervisor a target, also where two are started at the same moment."""

import asyncio
import os

import pytest

from harness.domain.target import Dialect, Target
from harness.errors import Refused
from harness.local.registry import Registry
from harness.local.supervisor import Supervisor
from harness.platforms.local_container.config import LocalContainer


def test_a_target_that_another_command_is_starting_is_not_started_too(tmp_path):
    held = Registry(tmp_path).claim("alpha")
    target = Target("alpha", "alpha", Dialect.RAG_CHAT, LocalContainer(command=("x",)))
    second = Supervisor([target], tmp_path, parent=None)

    with pytest.raises(Refused, match="alpha is being started by another command"):
        asyncio.run(second.run(lambda entry: None))
    os.close(held)


def test_a_claim_ends_with_its_file(tmp_path):
    known = Registry(tmp_path)
    first = known.claim("alpha")

    assert known.claim("alpha") is None
    assert known.claim("beta") is not None
    os.close(first)
    assert known.claim("alpha") is not None
