"""A price book made anew: what was found is dated and sourced, what was not keeps its old value."""

from datetime import date
from decimal import Decimal

import pytest

from harness.campaign.progress import Progress
from harness.collect.prices import refresh
from harness.errors import BadFile, PilotError, Refused
from harness.platforms.pricing import bill
from harness.platforms.shared.book import read_book
from harness.platforms.shared.price_lists import FoundPrice, asker
from harness.platforms.shared.usage import Usage

BOOK = read_book("aws-2026-11")
TODAY = date(2026, 12, 1)


def made(folder, ask):
    return refresh(BOOK, folder, TODAY, Progress(quiet=True), ask)


def twice(price, region):
    if price.key == "nat_hour":
        raise PilotError("want exactly one SKU, found 2: A, B")
    return FoundPrice(price.usd * 2, price.tiers, "AWS Price List API, SKU X")


def test_the_new_book_is_a_book_that_bills(tmp_path):
    done = made(tmp_path, twice)
    book = read_book(str(done.path))

    assert (book.name, book.date, book.region) == ("aws-2026-12-01", TODAY, "us-east-1")
    assert book == done.book
    assert book.price("lambda_request").usd == BOOK.price("lambda_request").usd * 2
    assert book.price("lambda_request").source == "AWS Price List API, SKU X, 2026-12-01"
    assert book.price("lambda_request").free_per_month == 1_000_000
    assert book.price("public_ipv4_hour").confirmed, "what was unconfirmed has now been read at a source"
    usage = Usage(Decimal(730), *(Decimal(10**6) for _ in range(5)))
    assert bill("fargate-alb", book, {}, usage).total_usd > bill("fargate-alb", BOOK, {}, usage).total_usd


def test_a_price_that_could_not_be_had_keeps_its_value_and_its_source(tmp_path):
    done = made(tmp_path, twice)
    [missing] = [change for change in done.asked if change.after is None]

    assert (missing.key, missing.words) == ("nat_hour", "want exactly one SKU, found 2: A, B")
    assert read_book(str(done.path)).price("nat_hour") == BOOK.price("nat_hour")
    assert "ec2_t3_large_hour" not in done.kept
    assert "lambda_streamed_gb" in done.kept


def test_a_book_is_never_written_over(tmp_path):
    made(tmp_path, twice)
    with pytest.raises(Refused, match="is there already"):
        made(tmp_path, twice)


def test_an_api_that_answers_nothing_leaves_no_book(tmp_path):
    def silent(price, region):
        raise PilotError("no credentials")

    with pytest.raises(PilotError, match="not one price of aws-2026-11 could be had: no credentials"):
        made(tmp_path, silent)
    assert list(tmp_path.iterdir()) == []


def test_a_provider_without_a_price_api_is_refused():
    with pytest.raises(Refused, match="no price API is known for 'gcp'"):
        asker(read_book("gcp-2026-11"))


def test_a_book_of_ones_own_that_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(BadFile) as missing:
        read_book(str(tmp_path / "none.toml"))

    assert missing.value.hint == "pilot prices refresh makes one"


@pytest.mark.parametrize("name", ["aws-2026-11", "azure-2026-11", "gcp-2026-11"])
def test_every_book_survives_being_written(tmp_path, name):
    from harness.platforms.shared.write import book_toml

    book = read_book(name)
    path = tmp_path / "book.toml"
    path.write_text(book_toml(book, "a copy"))

    assert read_book(str(path)) == book
