"""Each deployment's sweep.toml: settings that make a target, and commands that name what the deployment has."""

import json
import re
from pathlib import Path

import pytest
import yaml

from harness.platforms.external.config import External
from harness.workspace.sweep_toml import read_sweep
from harness.workspace.target_toml import read_target
from tests.targets.test_others import VARIABLES

TARGETS = Path(__file__).parent.parent.parent / "targets"
SWEPT = sorted(path.parent.name for path in TARGETS.glob("*/sweep.toml"))
MORE = {"RAG_LAMBDA_URL": "https://x.lambda-url.us-east-1.on.aws", "RAG_FARGATE_URL": "http://rag.elb.amazonaws.com"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name, value in {**VARIABLES, **MORE}.items():
        monkeypatch.setenv(name, value)


class Cfn(yaml.SafeLoader):
    """Reads a template's intrinsic functions as whatever they hold."""


Cfn.add_multi_constructor("!", lambda loader, _, node: getattr(loader, f"construct_{node.id}")(node))


def parameters(name):
    return yaml.load((TARGETS / name / "template.yaml").read_text(), Cfn)["Parameters"]


def test_every_target_that_is_no_variant_has_one():
    """But external, of which only its team knows what could be set, and the router, whose sides have theirs."""
    declared = {p.parent.name for p in TARGETS.glob("*/target.toml") if "variant_of" not in p.read_text()}
    assert set(SWEPT) == declared - {"external", "local_router"}


@pytest.mark.parametrize("name", SWEPT)
def test_every_setting_makes_a_target(name):
    sweep = read_sweep(TARGETS / name)
    made = [read_target(TARGETS / name, {}, setting) for setting in sweep.settings]

    assert [target.name for target in made] == list(sweep.names)
    assert all(target.variant_of == name for target in made)
    assert all(target.prices.parameters for target in made)


@pytest.mark.parametrize("name", [n for n in SWEPT if (TARGETS / n / "template.yaml").exists()])
def test_stacks_have_the_parameters_that_are_set_and_allow_the_values(name):
    declared = parameters(name)
    for setting in read_sweep(TARGETS / name).settings:
        [command] = setting.apply
        assert command[:3] == ("aws", "cloudformation", "deploy")
        for word in command[command.index("--parameter-overrides") + 1 :]:
            parameter, _, value = word.partition("=")
            allowed = [str(v) for v in declared[parameter].get("AllowedValues", [value])]
            assert value in allowed, word


def test_azures_parameters_allow_the_memory_that_is_set():
    allowed = json.loads((TARGETS / "azure_functions" / "template.json").read_text())["parameters"]["instanceMemoryMB"]
    assert [s.expect["instanceMemoryMB"] for s in read_sweep(TARGETS / "azure_functions").settings] == allowed[
        "allowedValues"
    ]


def test_compose_knows_every_variable_that_is_set():
    compose = (TARGETS / "docker_vm" / "compose.yaml").read_text()
    for setting in read_sweep(TARGETS / "docker_vm").settings:
        assert all(
            f"${{{word.partition('=')[0]}:-" in compose for word in setting.apply[0] if re.match(r"[A-Z]+=", word)
        )


@pytest.mark.parametrize("name", SWEPT)
def test_what_can_be_asked_is_held_to_what_was_applied(name):
    """All but those that nobody can ask: plain external ones, and the embedded ones, which are started as they are said."""
    target = read_target(TARGETS / name, {})
    for setting in read_sweep(TARGETS / name).settings:
        assert bool(setting.expect) is not (target.embedded or isinstance(target.runtime, External))


def test_a_lambda_stack_publishes_a_version_for_each_setting():
    """A version is what it was when it was made; its description makes CloudFormation make another."""
    resources = yaml.load((TARGETS / "aws_lambda" / "template.yaml").read_text(), Cfn)["Resources"]
    said = resources["Version"]["Properties"]["Description"]

    assert all(f"${{{name}}}" in said for name in ("MemoryMb", "TimeoutS", "ResponseMode", "Image", "ZipKey"))
    schema = pytest.importorskip("cfnlint.schema.manager").PROVIDER_SCHEMA_MANAGER
    version = schema.get_resource_schema("us-east-1", "AWS::Lambda::Version").schema
    assert "/properties/Description" in version["createOnlyProperties"]
