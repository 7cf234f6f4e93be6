"""A workspace with both variants, and deployments of it."""

import pytest

from tests.platforms.kubernetes.rigs import deployment, workspace


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    made = workspace(tmp_path_factory.mktemp("workspace"))
    return workspace(made, "knative", knative="true")


@pytest.fixture
def made(root):
    return lambda cluster, *names, **asked: deployment(root, cluster, *names, **asked)
