"""From target.toml to a source."""

from pathlib import Path

import pytest

from harness.domain.target import SourceConfig
from harness.errors import BadFile, Refused
from harness.sources import registry
from harness.sources.cloudwatch import CloudWatch
from harness.sources.lambda_logs import LambdaLogs
from harness.workspace.target_toml import read_target

TARGET = """
base_url = "http://127.0.0.1:9"
[runtime]
kind = "external"
"""


def target(folder: Path, text: str):
    (folder / "t").mkdir()
    (folder / "t" / "target.toml").write_text(TARGET + text)
    return read_target(folder / "t", {"corpus": "c", "workspace": "w"})


@pytest.fixture(autouse=True)
def _no_account(monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_a_targets_sources_are_made_of_its_tables(tmp_path):
    read = target(
        tmp_path,
        '[[sources]]\nkind = "cloudwatch"\nregion = "us-east-1"\nfunction = "chat"\nfunction_url = true\n'
        '[[sources]]\nkind = "lambda-logs"\nregion = "us-east-1"\nlog_group = "/aws/lambda/chat"\n',
    )
    made = [registry.source_of(config) for config in read.sources]

    assert [type(source) for source in made] == [CloudWatch, LambdaLogs]
    assert {s.verified for s in made} == {"spec only"}


def test_every_subject_is_read_under_its_own_dimensions():
    options = {
        "function": "f",
        "load_balancer": "app/lb/0a",
        "cluster": "c",
        "service": "s",
        "container_insights": True,
        "rest_api": "r",
        "http_api": "h",
        "bedrock_model": "m",
        "sagemaker_endpoint": "e",
        "variant": "v",
        "collection_id": "id",
        "collection_name": "n",
        "account_id": "1" * 12,
    }
    dimensions = [dict(s.dimensions) for s in registry.subjects_of(options)]

    assert dimensions == [
        {"FunctionName": "f"},
        {"LoadBalancer": "app/lb/0a"},
        {"ClusterName": "c", "ServiceName": "s"},
        {"ApiName": "r"},
        {"ApiId": "h"},
        {"ModelId": "m"},
        {"EndpointName": "e", "VariantName": "v"},
        {"CollectionId": "id", "CollectionName": "n", "ClientId": "1" * 12},
    ]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('kind = "cloudwatch"\nregion = "us-east-1"\n', "names nothing to read"),
        ('kind = "cloudwatch"\nregion = "us-east-1"\ncluster = "c"\n', "cluster and service go together"),
        ('kind = "cloudwatch"\nregion = "us-east-1"\nfuncton = "f"\n', "did you mean function?"),
        ('kind = "lambda-logs"\nregion = "us-east-1"\n', "log_group"),
    ],
)
def test_a_wrong_table_is_refused_with_its_field(tmp_path, table, words):
    with pytest.raises(BadFile) as refused:
        target(tmp_path, "[[sources]]\n" + table)

    assert words in str(refused.value)


def test_a_kind_that_nobody_brings_names_those_that_are_known():
    with pytest.raises(Refused, match="no metric source of kind 'statsd'") as refused:
        registry.source_of(SourceConfig("statsd", {}))

    assert "cloudwatch, lambda-logs" in refused.value.hint


def test_another_package_brings_a_kind_through_an_entry_point(tmp_path, monkeypatch):
    (tmp_path / "brought.py").write_text("def make(options):\n    return ('brought', dict(options))\n")
    info = tmp_path / "brought-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[runtime_pilot.sources]\nstatsd = brought:make\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    read = target(tmp_path, '[[sources]]\nkind = "statsd"\nhost = "127.0.0.1"\n')

    assert registry.source_of(read.sources[0]) == ("brought", {"host": "127.0.0.1"})
