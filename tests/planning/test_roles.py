"""A profile's role follows from its arrivals; a name is only a name."""

import pytest

from harness.domain.role import Role
from harness.errors import Refused
from tests.planning.test_sealing import Folder


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
