"""[costs.NAME]: what a team pays beside the platforms' bills, each line with its source."""

from decimal import Decimal

import pytest

from harness.domain.own_costs import own_bill
from harness.errors import BadFile
from harness.workspace import open_workspace
from tests.builders import Pilot

LINES = """
[costs.database]
usd_per_month = 412.50
source = "invoice of October"
[costs.tracing]
title = "Traces"
usd_per_million_requests = 1.20
layer = "runtime"
source = "vendor's list"
targets = ["beta"]
[costs.on_call]
hours_per_month = 3
usd_per_hour = 90
source = "the team's estimate"
"""


def opened(root, more):
    Pilot(root).workspace()
    path = root / "pilot.toml"
    path.write_text(path.read_text() + more)
    return open_workspace(root)


def test_each_line_is_an_amount_of_the_targets_it_names(tmp_path):
    targets = opened(tmp_path, LINES).pair()

    bills = {
        target.name: {line.label: line.amount_usd for line in own_bill(target.beside, 2_000_000).lines}
        for target in targets
    }
    assert bills["alpha"] == {"database": Decimal("412.5"), "on call": 270}
    assert bills["beta"] == {"database": Decimal("412.5"), "Traces": Decimal("2.4"), "on call": 270}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("usd_per_month = 4", "costs.x.source"),
        ('source = "we"', "want usd_per_month, usd_per_million_requests, or hours_per_month with usd_per_hour"),
        ('source = "we"\nhours_per_month = 4', "hours_per_month and usd_per_hour go together"),
        ('source = "we"\nusd_per_month = -4', "costs.x.usd_per_month"),
        ('source = "we"\nusd_per_month = 4\ntargets = ["bata"]', "did you mean beta?"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(tmp_path, table, says):
    with pytest.raises(BadFile) as caught:
        opened(tmp_path, f"[costs.x]\n{table}\n")

    assert says in str(caught.value)
