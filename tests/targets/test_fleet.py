"""The fleet's files: valid by their own specifications, safe by default, and their options are ones that Locust knows."""

import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

FLEET = Path(__file__).parent.parent.parent / "targets" / "fleet"
MANIFESTS = list(yaml.safe_load_all((FLEET / "kubernetes.yaml").read_text()))
JOBS = [m for m in MANIFESTS if m["kind"] == "Job"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda m: f"{m['kind']}-{m['metadata']['name']}")
def test_every_manifest_is_valid_kubernetes(manifest):
    kubernetes_validate.validate(manifest, "1.31", strict=True)


def test_the_validator_can_say_no():
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**JOBS[0], "spec": {"templates": {}}}, "1.31", strict=True)


def test_the_compose_file_keeps_to_the_compose_specification():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(FLEET / "compose.yaml")], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("job", JOBS, ids=lambda j: j["metadata"]["name"])
def test_pods_run_as_nobody_with_a_whole_core(job):
    pod = job["spec"]["template"]["spec"]
    [container] = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["resources"]["requests"] == container["resources"]["limits"]
    assert job["spec"]["backoffLimit"] == 0


def test_as_many_workers_are_expected_as_there_are():
    master, workers = JOBS

    assert (
        f"--expect-workers={workers['spec']['parallelism']}"
        in master["spec"]["template"]["spec"]["containers"][0]["args"]
    )


def test_every_option_is_one_that_locust_or_a_profile_knows():
    compose = yaml.safe_load((FLEET / "compose.yaml").read_text())
    given = [word for service in compose["services"].values() for word in service["command"]]
    given += [word for job in JOBS for word in job["spec"]["template"]["spec"]["containers"][0]["args"]]
    code = (
        "from harness.load import ChatUser; from locust.argument_parser import get_parser;"
        "print([s for a in get_parser(default_config_files=[])._actions for s in a.option_strings])"
    )
    known = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    for option in {word.split("=")[0] for word in given if word.startswith("--")}:
        assert re.search(rf"'{option}'", known), option


def test_the_image_is_pinned_small_and_not_root():
    text = (FLEET / "Dockerfile").read_text()

    assert re.search(r"^FROM python:3\.11-slim-bookworm$", text, re.MULTILINE)
    assert "--require-hashes" in text
    assert text.rstrip().splitlines()[-2].startswith("USER ")
