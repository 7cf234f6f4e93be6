"""`pilot prices`: books at a glance, and one of another region as its file and its words say."""

import json
from decimal import Decimal

import pytest

from harness.errors import PilotError
from harness.platforms.shared import price_lists
from harness.platforms.shared.aws_prices import aws_machine
from harness.platforms.shared.book import book_names, read_book
from harness.platforms.shared.found_price import FoundPrice
from tests.builders import Pilot
from tests.cli.inside import pilot


@pytest.fixture
def prices(tmp_path, monkeypatch):
    """What `pilot prices …` prints in a workspace, over a price list that knows every machine and little else."""

    def ask(price, region):
        if "machine" in price.lookup:
            return FoundPrice(Decimal("1.5"), (), f"SKU of {price.lookup['machine']} in {region}")
        raise PilotError("want exactly one SKU, found 0: none")

    Pilot(tmp_path).workspace()
    monkeypatch.setitem(price_lists.PRICE_LISTS, "aws", lambda: price_lists.PriceList(ask, aws_machine))

    def run(*words):
        done = pilot(tmp_path, "prices", *words)
        return done.returncode or 0, done.stdout, done.stderr

    return run


def test_a_book_is_a_line_unless_all_is_asked_for(prices):
    books = [read_book(name) for name in book_names()]
    _, short, _ = prices()
    _, long, _ = prices("--all")
    _, machine, _ = prices("--json")

    assert len(short.splitlines()) == len(books)
    assert f"aws-2026-11  us-east-1  {len(books[0].prices)} prices, " in short
    assert len(long.splitlines()) == len(books) + sum(len(book.prices) for book in books)
    assert "  ec2_p5_48xlarge_hour  55.04 USD per hour  unconfirmed" in long
    assert "ec2_p5_48xlarge_hour" in json.loads(machine)[0]["unconfirmed"]


def test_a_book_of_another_region_says_what_is_new_and_what_is_left_out(prices, tmp_path):
    code, out, _ = prices(
        *("refresh", "aws-2026-11", "--region", "eu-west-1", "--machine", "p5en.48xlarge", "--price", "egress_gb=0.09")
    )
    [path] = (tmp_path / "prices").iterdir()
    book = read_book(str(path))

    assert code == 0
    assert "new      ec2_p5en_48xlarge_hour  1.5" in out
    assert "left out nat_hour: want exactly one SKU, found 0: none" in out
    assert "machine types of the old book were not asked for and are left out" in out
    assert 'book = "prices/aws-eu-west-1-' in out
    assert 'region = "eu-west-1"' in out
    assert book.price("egress_gb").usd == Decimal("0.09")
    assert book.price("ec2_p5en_48xlarge_hour").source.startswith("SKU of p5en.48xlarge in eu-west-1, ")


@pytest.mark.parametrize("words", [("--region", "../x"), ("--machine", "a' or 'b"), ("--price", "egress_gb=free")])
def test_what_no_provider_could_answer_is_refused(prices, tmp_path, words):
    code, _, err = prices("refresh", "aws-2026-11", *words)

    assert code == 2
    assert words[1] in err
    assert not (tmp_path / "prices").exists()


def test_a_machine_reads_what_was_asked_and_what_was_left_out(prices):
    words = ("refresh", "aws-2026-11", "--region", "eu-west-1", "--machine", "g5.xlarge", "--json")
    told = json.loads(prices(*words)[1])
    asked = {one["price"]: one for one in told["asked"]}

    assert told["region"] == "eu-west-1"
    assert asked["ec2_g5_xlarge_hour"]["after_usd"] == "1.5"
    assert asked["nat_hour"] == {
        "price": "nat_hour",
        "before_usd": None,
        "after_usd": None,
        "reason": "want exactly one SKU, found 0: none",
    }
    assert told["left_out"]["ec2_t3_large_hour"] == "no --machine names it"
