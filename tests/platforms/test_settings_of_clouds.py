"""Settings of one call that deploys on several clouds: each gets those that it knows, and one that none knows is refused."""

from pathlib import Path

import pytest

from harness.errors import Refused
from harness.platforms.deploying import Asked, deployments
from harness.workspace.target_toml import read_target

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def targets(monkeypatch):
    """One a cloud, as they come."""
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop-pilot")
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "00000000-0000-0000-0000-000000000001")
    names = ("aws_lambda", "cloud_run", "azure_container_apps", "kubernetes")
    return [read_target(ROOT / "targets" / name, {}, deploying=True) for name in names]


def test_each_deployment_gets_the_settings_that_it_knows(targets):
    given = {"MemoryMb": "2048", "MODEL": "ours-1", "maxReplicas": "3", "Scaler": "keda"}
    made = deployments(targets, Asked(ROOT, given))

    assert [set(one.asked.settings) for one in made] == [
        {"MemoryMb"},
        {"MODEL"},
        {"maxReplicas"},
        {"MODEL", "Scaler"},
    ]


def test_what_target_toml_says_is_known_by_the_names_that_set_has(targets):
    names = ("aws_fargate", "aws_ecs_ec2")
    made = deployments(
        [*targets, *(read_target(ROOT / "targets" / name, {}, deploying=True) for name in names)], Asked(ROOT)
    )
    said = {part.target.name: dict(part.settings) for one in made for part in one.parts}

    assert said == {
        "aws_lambda": {"MemoryMb": "1769"},
        "aws_fargate": {"Tasks": "2", "Cpu": "1024", "Memory": "2048"},
        "aws_ecs_ec2": {"MachineType": "t3.medium", "Machines": "2"},
        "cloud_run": {},
        "azure_container_apps": {"cpu": "1", "memory": "2Gi"},
        "kubernetes": {},
    }
    assert all(set(part.settings) <= set(one.known) for one in made for part in one.parts)


def test_a_setting_that_no_cloud_knows_is_refused_with_those_of_all(targets):
    with pytest.raises(Refused, match="MemoryMB: did you mean MemoryMb") as error:
        deployments(targets, Asked(ROOT, {"MemoryMB": "2048", "MODEL": "ours-1"}))
    known = error.value.hint.removeprefix("known: ").split(", ")

    assert {"MemoryMb", "MODEL", "maxReplicas", "Scaler"} <= set(known)
    assert not {"IMAGE", "image", "SCALER"} & set(known)
