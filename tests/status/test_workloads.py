"""What status and plan say of each declared workload."""

from harness.evidence.store import Store
from harness.status.board import board
from harness.status.workloads import workload_lines
from tests.builders import Pilot
from tests.workspace.test_workloads import INGESTION, opened


def test_each_declared_workload_has_its_line_and_what_measures_it(tmp_path):
    workspace = opened(
        tmp_path, INGESTION + '[workloads.chat]\nkind = "request"\nwaited_for = true\nmeasured_by = "steady"\n'
    )

    assert [one.words for one in workload_lines(workspace)] == [
        "job, nobody waits, 40,000 a month, not measured: name a profile in measured_by of [workloads.ingestion]",
        "request, somebody waits, volume not declared, measured by steady",
    ]
    assert board(workspace, Store(workspace.evidence)).workloads == workload_lines(workspace)


def test_a_pilot_that_declares_none_says_nothing(tmp_path):
    assert workload_lines(Pilot(tmp_path).workspace()) == ()
