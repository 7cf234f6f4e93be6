"""Values from outside are typed and bounded once, where they enter, and told by file, field and what to write instead."""

import os

import pytest

from harness.domain.bounds import RATE, SHARE, TOML_BYTES
from harness.errors import BadFile
from harness.tables.text import bytes_of
from harness.workspace import open_workspace
from harness.workspace.trace_csv import read_trace
from tests.builders import Pilot


def refused(call) -> str:
    with pytest.raises(BadFile) as caught:
        call()
    return str(caught.value)


def changed(root, old: str, new: str) -> str:
    """What is said of pilot.toml with one line changed."""
    path = root / "pilot.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    said = refused(lambda: open_workspace(root))
    path.write_text(text)
    return said


def target_said(root, more: str) -> str:
    """What is said of the target alpha with more tables."""
    workspace = Pilot(root).workspace()
    path = root / "targets" / "alpha" / "target.toml"
    path.write_text(more + path.read_text())
    return refused(lambda: workspace.target("alpha"))


def test_a_range_holds_neither_nan_nor_infinities():
    assert 0.5 in SHARE
    assert 0 in SHARE
    assert 0 not in RATE
    assert float("nan") not in SHARE  # noqa: PLW0177 - which is what is asked
    assert float("inf") not in RATE


def test_no_type_is_read_as_another(tmp_path):
    Pilot(tmp_path).workspace()

    assert "slo.p95_s: want a number, not True" in changed(tmp_path, "p95_s = 2.0", "p95_s = true")
    assert "slo.p95_s: want a number, not '2.0'" in changed(tmp_path, "p95_s = 2.0", 'p95_s = "2.0"')
    assert "pilot.blocks: want a whole number, not 6.5" in changed(tmp_path, "blocks = 6", "blocks = 6.5")
    assert "pilot.question: want text in quotes, not a date" in changed(
        tmp_path, 'question = "Which runtime should serve it?"', "question = 2026-11-26"
    )


@pytest.mark.parametrize("value", ["inf", "nan", "-inf", "1e308", "9" * 30, "-1"])
def test_no_promise_is_infinite_or_beyond_any_answer(tmp_path, value):
    Pilot(tmp_path).workspace()

    assert "slo.p95_s: " in changed(tmp_path, "p95_s = 2.0", f"p95_s = {value}")


def test_a_large_whole_number_may_have_an_exponent(tmp_path):
    Pilot(tmp_path).workspace()
    path = tmp_path / "pilot.toml"
    path.write_text(path.read_text().replace("requests_per_month = 2000000", "requests_per_month = 2e6"))

    assert open_workspace(tmp_path).config.traffic.requests_per_month == 2_000_000


def test_a_misspelt_profile_of_the_promises_is_named_with_the_one_that_was_meant(tmp_path):
    Pilot(tmp_path).workspace()

    said = changed(tmp_path, 'profiles = ["steady"]', 'profiles = ["staedy"]')

    assert "slo.profiles: no [profiles.staedy] is measured: did you mean steady?" in said


def test_a_pilot_without_a_profile_judges_nothing_and_is_refused(tmp_path):
    Pilot(tmp_path).workspace()
    said = changed(tmp_path, "[profiles.steady]\nrate = 2\nduration_s = 10\n", "[profiles]\n")

    assert "profiles: want at least 1 of them, not 0" in said


def test_the_name_of_a_profile_is_no_path(tmp_path):
    Pilot(tmp_path).workspace()

    assert "want letters, digits" in changed(tmp_path, "[profiles.steady]", '[profiles."../../steady"]')


@pytest.mark.parametrize(
    "value", ["Bearer abc", "sk-live-1234567890", "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJIUzI1NiJ9", "a-b", "X" * 200]
)
def test_a_secret_in_place_of_its_variable_is_refused_and_never_printed(tmp_path, value):
    said = target_said(tmp_path, f'auth = {{ kind = "header", env = "{value}" }}\n')

    assert "auth.env: want the name of an environment variable" in said
    assert value not in said


@pytest.mark.parametrize(
    "name", ["Transfer-Encoding", "content-length", "Host", "Connection", "Keep-Alive", "TE", "Expect"]
)
def test_a_header_that_frames_a_request_cannot_be_configured(tmp_path, name):
    said = target_said(tmp_path, f'auth = {{ kind = "header", env = "TOKEN", header = "{name}" }}\n')

    assert "auth.header" in said
    assert "belongs to the connection" in said


def test_a_price_parameter_that_no_bill_reads_is_named_with_the_one_that_was_meant(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    path = tmp_path / "targets" / "alpha" / "target.toml"
    path.write_text(path.read_text().replace("memory_gb", "memroy_gb").replace("vcpu = 1", "vcpu = 0"))
    said = refused(lambda: workspace.target("alpha"))

    assert (
        'parameters.memroy_gb: model "fargate-alb" with book aws-2026-11 has none of this name: did you mean memory_gb?'
        in said
    )
    assert "prices.parameters.vcpu: want more than 0, not 0" in said


def test_only_regular_files_of_a_stated_size_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b" " * (TOML_BYTES + 1))

    assert "is a named pipe: want a regular file" in refused(lambda: bytes_of(tmp_path / "pipe"))
    assert "is a folder: want a regular file" in refused(lambda: bytes_of(tmp_path))
    assert "is larger than 1 MiB" in refused(lambda: bytes_of(tmp_path / "large"))
    assert "is not the name of a file" in refused(lambda: bytes_of(tmp_path / "a\x00b"))


def test_a_trace_that_spans_centuries_is_refused_before_it_is_played(tmp_path):
    (tmp_path / "t.csv").write_text("timestamp\n0\n99999999998\n")

    assert "spans 1.157e+06 days: want at most 400" in refused(lambda: read_trace(tmp_path / "t.csv"))
