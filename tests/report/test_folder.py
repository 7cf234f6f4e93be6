"""A report's folder: what a report wrote may go, what anybody else put there stays."""

import json

import pytest

from harness.errors import Refused
from harness.report.folder import MANIFEST, write_all

FIRST = {"report.html": "page", "figures/a.svg": "<svg/>", "figures/b.svg": "<svg></svg>", "tables/a.csv": "x"}
SECOND = {"report.html": "page 2", "figures/a.svg": "<svg/>"}


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_what_an_earlier_report_wrote_and_this_one_has_not_is_removed(tmp_path):
    write_all(tmp_path, FIRST)
    write_all(tmp_path, SECOND)

    assert names(tmp_path) == sorted([*SECOND, MANIFEST])
    assert (tmp_path / "report.html").read_text() == "page 2"


def test_what_somebody_else_made_stays(tmp_path):
    write_all(tmp_path, FIRST)
    (tmp_path / "figures" / "mine.svg").write_text("mine")
    (tmp_path / "tables" / "mine.csv").write_text("mine")
    (tmp_path / "figures" / "b.svg").write_text("edited by hand")
    write_all(tmp_path, SECOND)

    assert {"figures/mine.svg", "tables/mine.csv", "figures/b.svg"} <= set(names(tmp_path))


def test_a_folder_that_no_report_wrote_to_loses_nothing(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "b.svg").write_text("mine")
    write_all(tmp_path, SECOND)

    assert (tmp_path / "figures" / "b.svg").read_text() == "mine"


@pytest.mark.parametrize("name", ["figures", "tables"])
def test_nothing_is_written_or_removed_through_a_link(tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.svg").write_text("theirs")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(elsewhere)

    with pytest.raises(Refused, match="is a link to another folder"):
        write_all(tmp_path / "out", FIRST)
    assert names(elsewhere) == ["a.svg"]


def test_a_file_that_became_a_link_is_left_and_its_end_too(tmp_path):
    write_all(tmp_path / "out", FIRST)
    theirs = tmp_path / "theirs.svg"
    theirs.write_text(FIRST["figures/b.svg"])
    (tmp_path / "out" / "figures" / "b.svg").unlink()
    (tmp_path / "out" / "figures" / "b.svg").symlink_to(theirs)
    write_all(tmp_path / "out", SECOND)

    assert theirs.read_text() == FIRST["figures/b.svg"]
    assert (tmp_path / "out" / "figures" / "b.svg").is_symlink()


def test_a_list_of_files_that_was_forged_removes_nothing_else(tmp_path):
    """The list may come from anywhere: only figures and tables by plain names are ever removed."""
    out, victim = tmp_path / "out", tmp_path / "victim.csv"
    write_all(out, FIRST)
    victim.write_text("x")
    said = json.loads((out / MANIFEST).read_text())
    digest = said["files"]["tables/a.csv"]
    said["files"] |= dict.fromkeys(("../victim.csv", "tables/../../victim.csv", str(victim), "report.html"), digest)
    (out / MANIFEST).write_text(json.dumps(said))
    write_all(out, {"figures/a.svg": "<svg/>"})

    assert victim.exists()
    assert (out / "report.html").exists()
    (out / MANIFEST).write_text("not json")
    write_all(out, SECOND)
