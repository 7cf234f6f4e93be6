"""Fixtures that more than one room needs."""

import signal
from pathlib import Path

import pytest

from tests.builders import Pilot

ROOT = Path(__file__).parent.parent

# A shell without job control starts what it puts in the background with SIGINT ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """The default corpus, built once from this Python's own documentation."""
    from ragchat import index

    folder = tmp_path_factory.mktemp("corpus")
    assert index.main(["--out", str(folder)]) == 0
    return folder


@pytest.fixture
def pilot(tmp_path) -> Pilot:
    """A synthetic pilot whose evidence a test writes itself."""
    return Pilot(tmp_path)
