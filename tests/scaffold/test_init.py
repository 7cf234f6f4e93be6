"""pilot init: a workspace that opens, with a comment for every field, for every pair of kinds."""

import re
import shutil
import tomllib
from typing import get_args

import pytest

from harness.analysis.decidable import least_clean
from harness.domain.looks import look
from harness.errors import BadFile, Refused
from harness.scaffold import Answers, Side, kinds, workloads, write
from harness.scaffold.template import QUICK
from harness.scaffold.workloads import SEEDS
from harness.workspace import open_workspace
from harness.workspace.pilot_toml import PilotToml
from harness.workspace.target_toml import read_target
from tests.builders import with_corpus
from tests.cli.inside import pilot
from tests.targets.peers.shell import blocks_of

EXTERNALS = (Side("external", "http://a.example"), Side("external", "https://b.example/chat"))
EMBEDDED = (Side("local_container"), Side("local_function"))

pytestmark = pytest.mark.usefixtures("planned_soon")


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("pair", "quick"),
    [
        (EXTERNALS, False),
        (EMBEDDED, True),
        pytest.param(EXTERNALS, True, marks=pytest.mark.slow),
        pytest.param(EMBEDDED, False, marks=pytest.mark.slow),
    ],
)
def test_it_opens_and_plans(tmp_path, pair, quick, corpus):
    write(tmp_path / "ours", Answers(*pair, quick=quick))
    done = pilot(with_corpus(tmp_path / "ours", corpus), "plan")
    assert done.returncode == 0 or "questions" in done.stderr, done.stderr


def test_every_kind_can_begin(tmp_path):
    offered = [name for name in kinds() if name != "external"]
    assert {"local_container", "local_function", "aws_lambda", "aws_fargate"} <= set(offered)
    for name in offered:
        made = write(tmp_path / name, Answers(Side(name), EXTERNALS[0]))
        assert tmp_path / name / "targets" / name / "target.toml" in made


@pytest.mark.parametrize("kind", ["aws_lambda", "kubernetes"])
def test_a_deployment_brings_what_its_image_is_built_from(tmp_path, kind):
    write(tmp_path, Answers(Side(kind), EXTERNALS[0]))
    dockerfile = (tmp_path / "targets" / "aws_base" / "Dockerfile").read_text()
    copied = [line.split()[1] for line in dockerfile.splitlines() if line.startswith("COPY targets/")]

    base = "targets/aws_base"
    assert copied == [f"{base}/requirements.txt", "targets/ragchat/ragchat", f"{base}/requirements-jobs.txt"]
    assert all((tmp_path / path).exists() for path in copied)
    assert (tmp_path / "targets" / "ragchat" / "ragchat" / "asgi.py").is_file()
    assert (tmp_path / ".dockerignore").is_file()


def test_a_deployment_brings_every_file_that_its_commands_name(tmp_path):
    """The bases that deployments share too."""
    for name in (name for name in kinds() if not name.startswith("local_") and name != "external"):
        write(tmp_path / name, Answers(Side(name), EXTERNALS[0]))
        for page in (tmp_path / name / "targets").glob("*/README.md"):
            named = {
                path
                for block in blocks_of(page.read_text())
                for path in re.findall(r"targets/[\w./]*\w(?=[\s\"')/]|$)", block)
            }
            assert [path for path in sorted(named) if not (tmp_path / name / path).exists()] == [], page


@pytest.mark.parametrize("kind", ["aws_lambda", "local_container", "external"])
def test_its_pages_have_no_link_that_leads_nowhere(tmp_path, kind):
    pages = [p for p in write(tmp_path, Answers(Side(kind, EXTERNALS[1].url), EXTERNALS[0])) if p.suffix == ".md"]

    assert tmp_path / "targets" / "README.md" in pages
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_embedded_targets_bring_no_image(tmp_path):
    write(tmp_path, Answers(*EMBEDDED))
    assert not (tmp_path / "targets" / "ragchat").exists()


def uncommented(path):
    """What the file would hold with every field of it in force."""
    out = []
    for line in lines_of(path):
        field = re.match(r"# (\[|[a-z0-9_]+ *=)", line)
        out.append(line.removeprefix("# ") if field else line)
    return out


def test_every_field_is_there(tmp_path):
    write(tmp_path, Answers(*EMBEDDED))
    named, table = {}, ""
    for line in uncommented(tmp_path / "pilot.toml"):
        if header := re.match(r"\[([a-z]+)", line):
            table = header[1]
        named.setdefault(table, set()).update(re.findall(r"\b([a-z0-9_]+) *=", line))
    for table, field in PilotToml.model_fields.items():
        own = table in ("profiles", "workloads", "costs", "tenants")  # tables of names that are the team's own
        model = get_args(field.annotation)[1] if own else field.annotation
        assert set(getattr(model, "model_fields", ())) <= named[table], table  # a table of numbers has none of its own


def test_what_is_commented_out_reads_back_when_it_is_not(tmp_path):
    write(tmp_path, Answers(*EMBEDDED))
    either = ("week", "trace", "cv ", "questions")  # which exclude others
    data = tomllib.loads("\n".join(x for x in uncommented(tmp_path / "pilot.toml") if not x.startswith(either)))
    read = PilotToml.model_validate(data)

    assert read.mix.turns == 1.8
    assert read.criteria.kappa == 66
    assert read.slo.start.requests_per_month == 50_000
    assert read.costs["database"].usd_per_hour == 90
    assert set(read.workloads) == {seed.name for seed in SEEDS}


def test_only_the_endpoint_is_declared_where_nobody_said_more(tmp_path):
    write(tmp_path, Answers(*EMBEDDED))
    [(name, chat)] = open_workspace(tmp_path).config.workloads.items()

    assert (name, chat.measured_by, chat.waited_for, chat.per_month) == ("chat", "steady", True, 2_000_000)


def test_a_workload_that_an_option_says_is_a_table(tmp_path):
    said = workloads.read(
        ["ingestion,per_month=4e4,duration_s=1200,done_within_s=900,lost=0", "scoring,kind=job,waited_for=false"]
    )
    write(tmp_path, Answers(*EMBEDDED, workloads=said))
    found = open_workspace(tmp_path).config.workloads

    assert set(found) == {"chat", "ingestion", "scoring"}
    assert found["ingestion"] == said["ingestion"]
    assert found["ingestion"].slo.said == {"done_within_s": 900, "lost": 0}


def test_workloads_that_do_not_fit_are_all_said_at_once():
    with pytest.raises(Refused) as refused:
        workloads.read(["ingestion,per_month=0", "hooks,size=4", "webhooks,lost", "webhooks,lost=0"])

    assert all(
        words in str(refused.value)
        for words in (
            "--workload ingestion: per_month",
            "--workload hooks: kind is required",
            "--workload hooks: size is not a known field: did you mean size_kb?",
            "--workload webhooks: 'lost': want FIELD=VALUE",
            "--workload webhooks: given twice",
        )
    )


def test_a_workload_that_no_profile_measures_writes_nothing(tmp_path):
    said = workloads.read(["ingestion,measured_by=jobz"])
    with pytest.raises(BadFile, match="measured_by"):
        write(tmp_path / "ours", Answers(*EMBEDDED, workloads=said))
    assert not (tmp_path / "ours").exists()


def test_nothing_that_is_there_is_replaced(tmp_path):
    write(tmp_path, Answers(*EMBEDDED))
    with pytest.raises(Refused, match="there already"):
        write(tmp_path, Answers(*EMBEDDED))
    shutil.rmtree(tmp_path / "targets")
    (tmp_path / "pilot.toml").unlink()
    (tmp_path / ".gitignore").write_text("mine\n")
    write(tmp_path, Answers(*EMBEDDED))
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_answers_that_do_not_fit_are_all_said_at_once(tmp_path):
    with pytest.raises(Refused) as refused:
        write(tmp_path, Answers(Side("external"), Side("external", "ftp://x"), p95_s=0))
    assert all(
        w in str(refused.value)
        for w in ("--baseline-url is required with external", "--candidate-url ftp://x: want", "--p95: want")
    )
    assert not (tmp_path / "pilot.toml").exists()


def test_an_unknown_kind_is_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(Refused, match="no kind of target 'lambada'") as refused:
        write(tmp_path, Answers(Side("lambada"), EMBEDDED[0]))
    assert "aws_lambda" in str(refused.value.hint)


def test_a_mapped_side_begins_with_a_mapping_to_fill_in(tmp_path):
    write(tmp_path, Answers(EXTERNALS[0], Side("external", "http://b.example", "mapped", name="odd")))
    assert open_workspace(tmp_path).target("odd").fields.path == "/api/ask"


def test_a_side_with_a_preset_shows_what_it_stands_for_and_asks_for_what_it_needs(tmp_path):
    url = "http://127.0.0.1:9"
    first = Side("external", url, "ollama", "llama3.2", "ours")
    second = Side("external", url, "langgraph", None, "theirs")
    write(tmp_path, Answers(first, second))
    ours, theirs = (tmp_path / "targets" / name / "target.toml" for name in ("ours", "theirs"))
    assert read_target(ours.parent, {}).preset == "ollama"
    assert '# framing       = "ndjson"' in ours.read_text()
    with pytest.raises(BadFile, match=r"api\.assistant: is required with dialect = \"langgraph\": the graph's name"):
        read_target(theirs.parent, {})
    theirs.write_text(theirs.read_text().replace('assistant = ""', 'assistant = "rag"'))
    assert read_target(theirs.parent, {}).fields.body({})["assistant_id"] == "rag"


def test_a_side_whose_requests_have_to_name_a_model_says_so(tmp_path):
    sides = Side("external", "http://127.0.0.1:9", "ollama", None, "a"), Side("local_container")
    with pytest.raises(Refused, match="--baseline-model: ollama requires one that `ollama list` shows"):
        write(tmp_path, Answers(*sides))


def test_a_quick_pilot_says_how_many_requests_it_has_and_needs():
    said = re.search(r"(\d) blocks make ([\d,]+) measured .+; (\d+) without a failure settle a promise of 1 %", QUICK)
    profile = tomllib.loads(QUICK)["profiles"]["steady"]
    blocks, measured, needed = (int(one.replace(",", "")) for one in said.groups())
    alpha = (1 - look(blocks, blocks).confidence) / 2

    assert measured == blocks * profile["rate"] * profile["duration_s"]
    assert needed == least_clean(0.01, alpha, blocks)
