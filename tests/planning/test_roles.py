"""A profile's role follows from its arrivals; a name is only a name."""

from types import SimpleNamespace

import pytest

from harness.domain.role import Role
from harness.domain.workload import WorkKind, Workload
from harness.errors import Refused
from harness.planning.profiles import _mistaken
from tests.planning.test_sealing import Folder

pytestmark = pytest.mark.usefixtures("planned_soon")


def test_a_profile_of_any_name_runs_the_locustfile_that_it_names(tmp_path):
    folder = Folder(tmp_path)
    folder.edit(
        "[profiles.steady]", '[profiles.launch]\nfile = "steady"\nrole = "burst"\nduration_s = 10\n[profiles.steady]'
    )

    made = folder.drawn().plan.profiles
    assert {p.name: (p.file, p.role) for p in made} == {
        "launch": ("loadprofiles/steady.py", Role.BURST),
        "steady": ("loadprofiles/steady.py", Role.EVERYDAY),
    }


def test_a_role_that_the_arrivals_cannot_fill_is_refused(tmp_path):
    folder = Folder(tmp_path)
    folder.edit("[profiles.steady]", '[profiles.steady]\nrole = "capacity"')

    with pytest.raises(Refused, match="want everyday or burst, or no role"):
        folder.drawn()


def test_a_workload_of_jobs_is_not_measured_by_requests_nor_the_other_way_round():
    def said(kind, role):
        workload = Workload("ingestion", kind, waited_for=False, measured_by="steady")
        found = [SimpleNamespace(plan=SimpleNamespace(name="steady", role=role))]
        return _mistaken(SimpleNamespace(workloads=lambda: (workload,)), found)

    [words] = said(WorkKind.JOB, Role.EVERYDAY)
    assert words.startswith("[workloads.ingestion]: measured_by: steady sends requests, and this is a job: ")
    assert words.endswith('name a profile of jobs (file = "jobs"), or kind = "request"')
    [words] = said(WorkKind.REQUEST, Role.JOBS)
    assert "steady submits jobs, and this is a request" in words
    assert said(WorkKind.JOB, Role.JOBS) == said(WorkKind.REQUEST, Role.RETRIEVAL) == []
