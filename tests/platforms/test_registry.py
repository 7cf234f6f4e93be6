"""From target.toml to a source."""

from pathlib import Path

import pytest

from harness.domain.target import SourceConfig
from harness.errors import BadFile, Refused
from harness.platforms import registry
from harness.platforms.aws_lambda.logs import LambdaLogs
from harness.platforms.shared.cloudwatch import CloudWatch
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
        "usage": [{"service": "Fargate", "type": "Resource", "resource": "vCPU", "class": "Standard/OnDemand"}],
    }
    dimensions = [at for _, at in registry.asked_of("cloudwatch", options)]

    assert dimensions == [
        {"ClusterName": "c", "ServiceName": "s"},
        {"ClusterName": "c", "ServiceName": "s"},
        {"FunctionName": "f"},
        {},
        {"EndpointName": "e", "VariantName": "v"},
        {"LoadBalancer": "app/lb/0a"},
        {"ApiName": "r"},
        {"ApiId": "h"},
        {"ModelId": "m"},
        {"ClientId": "1" * 12},  # units are of the account, not of a collection
        {"Service": "Fargate", "Type": "Resource", "Resource": "vCPU", "Class": "Standard/OnDemand"},
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


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('kind = "prometheus"\nurl = "http://127.0.0.1:9"\n', "names nothing to read"),
        ('kind = "prometheus"\nurl = "127.0.0.1"\nsets = ["opencost"]\nnamespace = "n"\n', "want http://"),
        ('kind = "prometheus"\nurl = "http://a"\nsets = ["opencost"]\n', "sets want a namespace"),
        ('kind = "prometheus"\nurl = "http://a"\nsets = ["knative"]\nnamespace = "n"\n', "wants a service"),
        ('kind = "cost-explorer"\nvalues = []\n', "values"),
        ('kind = "cloudwatch"\nregion = "r"\n[[sources.usage]]\nservice = "Fargate"\n', "usage"),
    ],
)
def test_a_wrong_table_of_the_others_is_refused_too(tmp_path, table, words):
    with pytest.raises(BadFile) as refused:
        target(tmp_path, "[[sources]]\n" + table)

    assert words in str(refused.value)


def test_the_other_kinds_are_made_of_their_tables(tmp_path):
    read = target(
        tmp_path,
        '[[sources]]\nkind = "lambda-logs"\nregion = "us-east-1"\nlog_group = "g"\nthrough = "insights"\n'
        '[[sources]]\nkind = "prometheus"\nurl = "http://127.0.0.1:9"\nsets = ["kubernetes", "knative"]\n'
        'namespace = "n"\nservice = "s"\n[[sources.queries]]\nname = "mine"\npromql = "up"\nunit = "count"\n'
        '[[sources]]\nkind = "otlp-traces"\npath = "traces"\n'
        '[[sources]]\nkind = "cost-explorer"\nvalues = ["rag"]\n',
    )
    made = [registry.source_of(config) for config in read.sources[:3]]

    assert [type(source).__name__ for source in made] == ["LambdaInsights", "Prometheus", "OtlpTraces"]
    assert type(registry.bills_of(read.sources[3])).__name__ == "CostExplorer"
    assert read.source_names == ("lambda-logs", "prometheus", "otlp-traces")


def test_a_prometheus_servers_secret_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("PROMETHEUS_TOKEN", raising=False)
    table = '[[sources]]\nkind = "prometheus"\nurl = "http://a"\nenv = "PROMETHEUS_TOKEN"\n'
    read = target(tmp_path, table + '[[sources.queries]]\nname = "mine"\npromql = "up"\nunit = "count"\n')

    with pytest.raises(Refused, match="PROMETHEUS_TOKEN is not set"):
        registry.source_of(read.sources[0])


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
