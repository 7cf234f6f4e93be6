"""A price book made anew, of any region: what was found is dated and sourced, no region's price stands under another's name."""

from datetime import date
from decimal import Decimal

import pytest

from harness.campaign.progress import Progress
from harness.collect.prices import NO_LOOKUP, order_of, refresh
from harness.errors import BadFile, PilotError, Refused
from harness.platforms.pricing import bill
from harness.platforms.shared.book import Book, book_names, read_book
from harness.platforms.shared.found_price import FoundPrice
from harness.platforms.shared.price_lists import PriceList, price_list_of
from harness.platforms.shared.usage import Usage
from harness.workspace.priced import priced_targets

BOOK = read_book("aws-2026-11")
TODAY = date(2026, 12, 1)
USAGE = Usage(Decimal(730), *(Decimal(10**6) for _ in range(5)))


def twice(price, region):
    if price.key == "nat_hour":
        raise PilotError("want exactly one SKU, found 2: A, B")
    return FoundPrice(price.usd * 2 or Decimal(5), price.tiers, "AWS Price List API, SKU X")


def aws(ask=twice):
    """AWS' names of machines over a price list that is ours."""
    return PriceList(ask, price_list_of(BOOK).machine)


@pytest.fixture(autouse=True)
def _no_account(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")


def ordered(region=None, machines=(), stated=None, targets=None, book=BOOK):
    return order_of(book, aws(), region, machines, stated or {}, targets or {})


def made(folder, order=None, ask=twice, book=BOOK):
    return refresh(book, order or ordered(book=book), folder, TODAY, Progress(quiet=True), ask)


def test_the_new_book_is_a_book_that_bills(tmp_path):
    done = made(tmp_path)
    book = read_book(str(done.path))

    assert (book.name, book.date, book.region) == ("aws-us-east-1-2026-12-01", TODAY, "us-east-1")
    assert book == done.book
    assert book.price("lambda_request").usd == BOOK.price("lambda_request").usd * 2
    assert book.price("lambda_request").source == "AWS Price List API, SKU X, 2026-12-01"
    assert book.price("lambda_request").free_per_month == 1_000_000
    assert book.price("public_ipv4_hour").confirmed, "what was unconfirmed has now been read at a source"
    assert bill("fargate-alb", book, {}, USAGE).total_usd > bill("fargate-alb", BOOK, {}, USAGE).total_usd


def test_a_price_that_could_not_be_had_keeps_its_value_and_its_source_in_its_own_region(tmp_path):
    done = made(tmp_path)
    [missing] = [change for change in done.asked if change.after is None]

    assert (missing.key, missing.words) == ("nat_hour", "want exactly one SKU, found 2: A, B")
    assert read_book(str(done.path)).price("nat_hour") == BOOK.price("nat_hour")
    assert "ec2_t3_large_hour" not in done.kept
    assert "lambda_streamed_gb" in done.kept
    assert done.left_out == {}


def test_no_price_of_the_old_region_stands_in_the_book_of_another(tmp_path):
    asked = []

    def elsewhere(price, region):
        asked.append(region)
        return twice(price, region)

    done = made(tmp_path, ordered("eu-central-1"), elsewhere)
    book = read_book(str(done.path))
    same = {price.key for price in BOOK.prices} & {price.key for price in book.prices if price in BOOK.prices}

    assert (book.name, book.region) == ("aws-eu-central-1-2026-12-01", "eu-central-1")
    assert set(asked) == {"eu-central-1"}
    assert same == {price.key for price in BOOK.prices if price.everywhere}
    assert done.left_out["nat_hour"] == "want exactly one SKU, found 2: A, B"
    assert done.left_out["sagemaker_gb_second"] == NO_LOOKUP
    assert all(change.before is None for change in done.asked), "what it was in another region is no before"
    assert bill("eks", book, {"p4d_24xlarge": 1}, USAGE).total_usd > 0
    with pytest.raises(Refused, match="holds no 'sagemaker_gb_second'"):
        bill("sagemaker-serverless", book, {}, USAGE)


def test_a_machine_that_the_book_lacks_is_added_to_it(tmp_path):
    asked = []

    def noted(price, region):
        asked.append(price.lookup.get("machine"))
        return twice(price, region)

    done = made(tmp_path, ordered("eu-west-1", machines=("p5en.48xlarge", "t3_large")), noted)
    book = read_book(str(done.path))

    assert [one for one in asked if one] == ["t3.large", "p5en.48xlarge"]
    assert book.price("ec2_p5en_48xlarge_hour").lookup == {"machine": "p5en.48xlarge"}
    assert "ec2_g5_xlarge_hour" in done.left_out, "nobody named it, and its price is another region's"
    assert bill("ec2-alb", book, {"p5en_48xlarge": 2}, USAGE).lines[0].unit_price_usd == 5


def test_in_its_own_region_machines_that_are_not_named_stay_as_they_were(tmp_path):
    done = made(tmp_path, ordered(machines=("p5en.48xlarge",)))

    assert done.book.price("ec2_g5_xlarge_hour") == BOOK.price("ec2_g5_xlarge_hour")
    assert done.book.price("ec2_p5en_48xlarge_hour").usd == 5


def test_without_a_name_every_machine_of_the_book_and_of_the_targets_is_asked_for(tmp_path):
    targets = {
        "nodes": ("eks", ("p5en_48xlarge", "ebs_gb", "autoscale", "haiku_3")),
        "other_cloud": ("aks", ("d2s_v6",)),
        "function": ("lambda-url", ("memory_mb",)),
    }
    order = ordered(targets=targets)
    names = {price.lookup["machine"] for price in order.machines.values()}

    assert {"p5en.48xlarge", "t3.medium", "p4d.24xlarge", "g6.48xlarge"} <= names
    assert len(names) == 1 + sum(p.key.startswith("ec2_") for p in BOOK.prices)
    assert "d2s_v6" not in str(order.machines)


def test_targets_are_read_for_their_machines_before_any_book_knows_them(tmp_path):
    for name, text in {
        "a": '[prices]\nmodel = "eks"\nparameters = { p9_huge = 1 }',
        "b": "title = 'no prices'",
    }.items():
        (tmp_path / "targets" / name).mkdir(parents=True)
        (tmp_path / "targets" / name / "target.toml").write_text(text)

    assert priced_targets(tmp_path) == {"a": ("eks", ("p9_huge",))}


def test_a_price_that_the_team_knows_takes_the_place_of_a_lookup(tmp_path):
    done = made(tmp_path, ordered("eu-west-1", stated={"sagemaker_gb_second": Decimal("0.00003")}))
    price = done.book.price("sagemaker_gb_second")

    assert (price.usd, price.source) == (Decimal("0.00003"), "stated by the team, 2026-12-01")


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"region": "../../etc"}, "is not a region"),
        ({"machines": ("g5.xlarge' or 1 eq 1",)}, "is not a type of machine"),
        ({"stated": {"egres_gb": Decimal(1)}}, "holds no price of this key"),
    ],
)
def test_what_cannot_be_ordered_is_refused(order, words):
    with pytest.raises(Refused, match=words):
        ordered(**order)


def test_a_book_is_never_written_over(tmp_path):
    first = made(tmp_path).path.read_text()
    again = made(tmp_path)

    assert again.path.name == "aws-us-east-1-2026-12-01-2.toml"
    assert (tmp_path / "aws-us-east-1-2026-12-01.toml").read_text() == first


def test_a_new_book_can_be_made_anew(tmp_path):
    book = read_book(str(made(tmp_path, ordered("eu-west-1")).path))

    assert ordered(book=book).region == "eu-west-1"
    assert made(tmp_path, ordered(book=book), book=book).book.price("ec2_g5_xlarge_hour").usd == 4 * Decimal("1.006")


def test_an_api_that_answers_nothing_leaves_no_book(tmp_path):
    def silent(price, region):
        raise PilotError("no credentials")

    with pytest.raises(PilotError, match="not one price of aws-2026-11 could be had: no credentials"):
        made(tmp_path, ask=silent)
    assert list(tmp_path.iterdir()) == []


def test_a_provider_without_a_price_api_is_refused():
    with pytest.raises(Refused, match="no price API is known for 'nomad'"):
        price_list_of(Book("nomad-2026-11", TODAY, "dc1", ()))


def test_a_book_of_ones_own_that_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(BadFile) as missing:
        read_book(str(tmp_path / "none.toml"))

    assert missing.value.hint == "pilot prices refresh makes one"


@pytest.mark.parametrize("name", book_names())
def test_every_book_survives_being_written(tmp_path, name):
    from harness.platforms.shared.write import book_toml

    book = read_book(name)
    path = tmp_path / "book.toml"
    path.write_text(book_toml(book, "a copy"))

    assert read_book(str(path)) == book
