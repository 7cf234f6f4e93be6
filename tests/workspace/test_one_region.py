"""One region for a whole target.toml: every table that has one, unless it says its own."""

import pytest

from harness.errors import BadFile
from harness.workspace.target_toml import read_target

WHOLE = """
base_url = "https://abc.lambda-url.eu-west-1.on.aws/"
region   = "eu-west-1"
[auth]
kind = "aws-sigv4"
[runtime]
kind     = "aws-lambda"
function = "chat"
[prices]
book  = "aws-2026-11"
model = "lambda-url"
[[sources]]
kind     = "cloudwatch"
function = "chat"
[[sources]]
kind   = "cost-explorer"
values = ["chat"]
"""


def read(tmp_path, text):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "target.toml").write_text(text)
    return read_target(tmp_path / "ours", {})


def test_it_is_said_once(tmp_path):
    target = read(tmp_path, WHOLE)

    assert target.runtime.region == "eu-west-1"
    assert target.auth.options["region"] == "eu-west-1"
    assert target.prices.region == "eu-west-1"
    assert [s.options.get("region") for s in target.sources] == ["eu-west-1", None]


def test_a_table_of_its_own_mind_keeps_it(tmp_path):
    target = read(tmp_path, WHOLE.replace('model = "lambda-url"', 'model = "lambda-url"\nregion = "us-east-1"'))

    assert (target.prices.region, target.runtime.region) == ("us-east-1", "eu-west-1")


def test_an_api_key_has_no_region(tmp_path):
    text = WHOLE.replace('kind = "aws-sigv4"', 'kind = "header"\nenv = "CHAT_KEY"')

    assert read(tmp_path, text).headers_from_env == {"Authorization": "CHAT_KEY"}


@pytest.mark.parametrize("value", ['""', "3"])
def test_what_is_no_region_is_said(tmp_path, value):
    with pytest.raises(BadFile, match="region"):
        read(tmp_path, WHOLE.replace('"eu-west-1"', value))


def test_without_it_each_table_is_asked_for_its_own(tmp_path):
    with pytest.raises(BadFile, match=r"runtime\.region"):
        read(tmp_path, WHOLE.replace('region   = "eu-west-1"', ""))
