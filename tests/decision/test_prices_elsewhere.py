"""List prices of another region than the target's are a doubt with the command that ends it."""

from harness import pipeline
from harness.domain.reasons.doubt import PricesElsewhere
from harness.platforms.shared.book import read_book
from harness.platforms.shared.write import book_toml
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot


def doubts(root, old="", new=""):
    Pilot(root).write()
    path = root / "targets" / "alpha" / "target.toml"
    path.write_text(path.read_text().replace(old, new) if old else path.read_text())
    found = pipeline.decide(open_workspace(root), effort=LIGHT).doubts
    return [doubt for doubt in found if isinstance(doubt, PricesElsewhere)]


def test_a_target_in_another_region_than_its_book(tmp_path):
    [doubt] = doubts(tmp_path, 'region = "us-east-1"', 'region = "eu-west-1"')

    assert doubt == PricesElsewhere("alpha", "eu-west-1", "aws-2026-11", "us-east-1")
    assert "pilot prices refresh aws-2026-11 --region eu-west-1" in said(doubt)


def test_a_book_of_ones_own_is_named_as_the_target_names_it(tmp_path):
    (tmp_path / "prices").mkdir(parents=True)
    (tmp_path / "prices" / "mine.toml").write_text(book_toml(read_book("aws-2026-11"), "a copy"))
    [doubt] = doubts(tmp_path, 'book = "aws-2026-11"\nregion = "us-east-1"', 'book = "prices/mine.toml"\nregion = "eu"')

    assert doubt.book == "prices/mine.toml"


def test_a_target_in_the_region_of_its_book_has_none(tmp_path):
    assert doubts(tmp_path) == []
