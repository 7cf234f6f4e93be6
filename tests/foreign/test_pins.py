"""Every service is installed as it was tried: from exact versions, named without a host."""

import json
import re

import pytest

from tests.foreign.installed import APPS
from tests.foreign.services import ALL

PIN = re.compile(r"^[\w.-]+(\[[\w,]+\])?==[\w.!+-]+( ; .+)?$")


@pytest.mark.parametrize("app", sorted({service.app for service in ALL}))
def test_every_package_is_pinned_and_the_services_own_are_among_them(app):
    if (APPS / app / "package.json").exists():
        wanted = json.loads((APPS / app / "package.json").read_text())["dependencies"]
        locked = json.loads((APPS / app / "package-lock.json").read_text())["packages"]
        assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
        assert all("integrity" in one and "resolved" not in one for path, one in locked.items() if path)
        return
    wanted = (APPS / app / "requirements.in").read_text().split()
    pinned = (APPS / app / "requirements.txt").read_text().splitlines()
    assert [line for line in pinned if not PIN.match(line)] == []
    assert {re.sub(r"\[.*\]", "", line) for line in wanted} <= {line.partition(" ;")[0] for line in pinned}


def test_every_app_has_a_service():
    assert {path.name for path in APPS.iterdir() if path.is_dir()} == {service.app for service in ALL}
