"""The docs: every command in them exists, every option and field is in them, every file that they link is there."""

import functools
import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from harness.cli.app import COMMANDS
from harness.domain.field_map import FramingKind
from harness.domain.sample import Outcome
from harness.errors import Exit
from harness.platforms import registry
from harness.tables.problems import fields_of, validate
from harness.workspace import presets
from harness.workspace.api_toml import HeaderNamesTable, OpenAiTable
from harness.workspace.costs_toml import CostTable
from harness.workspace.generator_toml import GeneratorTable, read_generator
from harness.workspace.job_shapes import read_shapes
from harness.workspace.jobs_toml import JobsTable
from harness.workspace.mapping_toml import AnswerTable, MappingTable, OpeningTable, StreamTable, WebSocketTable
from harness.workspace.pilot_toml import PilotToml, Profile
from harness.workspace.sweep_toml import SettingTable, SweepToml
from harness.workspace.target_toml import AuthTable, QuotaTable, TargetToml, read_target
from harness.workspace.workloads_toml import WorkloadSlos, WorkloadTable
from tests.load import run

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "targets").rglob("*.md")),
    *sorted((ROOT / "harness" / "platforms").rglob("*.md")),
]


def blocks(language):
    for page in PAGES:
        for found in re.findall(rf"```{language}\n(.*?)```", page.read_text().replace("   ```", "```"), re.DOTALL):
            yield page.relative_to(ROOT).as_posix(), found


SHELL = {
    "cd ours",
    "cd nightly",
    "python3 -m venv pilot-env",
    "pilot-env/bin/pip install .",
    ". pilot-env/bin/activate",
}
CONSOLE = sorted({line.strip() for _, block in blocks("console") for line in block.splitlines() if line.strip()})


@functools.cache
def help_of(command):
    """Of the command that a line calls; of pilot itself where it calls none."""
    if command.startswith("--"):
        whole = [sys.executable, "-m", "harness", "--help"]
        return subprocess.run(whole, capture_output=True, text=True, check=True).stdout
    app = typer.Typer(rich_markup_mode=None)
    app.callback()(lambda: None)  # one command alone would be no subcommand
    import_module(f"harness.cli.{command}").register(app)
    said = CliRunner().invoke(app, [command, "--help"])
    assert said.exit_code == 0, said.output
    return said.output


def locust_words(line):
    """The locustfile that a line runs and the options that it gives to it; None for another program's line."""
    words = line.split("#")[0].split()
    if words[0] != "locust":
        return None
    options = [w for w in words[3:] if w not in ("--headless", "--processes")]
    of_processes = words[words.index("--processes") + 1] if "--processes" in words else None
    return [words[2], *(w for k, w in enumerate(options) if k or not w.isdigit() or w != of_processes)]


@pytest.fixture(scope="module")
def described():
    """What each of these says, by its words: all of them asked in one process."""
    asked = [words for line in CONSOLE if (words := locust_words(line))]
    return dict(zip(map(tuple, asked), run.described(ROOT, *asked), strict=True))


@pytest.mark.parametrize("line", CONSOLE)
def test_every_console_line_names_something_that_runs(line, described):
    words = line.split("#")[0].split()
    if words[0] == "cd" or words[0].startswith(("python3", ".", "pilot-env/")):
        assert line in SHELL, "tests/stories/test_words.py types these in order"
    elif words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    elif words[0] == "pilot":
        said = help_of(words[1])
        assert all(option in said for option in words[1:] if option.startswith("--"))
    elif words[0] == "locust":
        said = described[tuple(locust_words(line))]
        assert said["code"] == 0, said["err"]
    else:
        raise AssertionError(f"no test runs {line!r}")


@pytest.mark.parametrize("name", sorted({name for name, _ in blocks("sh")}))
def test_a_page_with_commands_that_no_test_runs_says_what_they_need(name):
    text = (ROOT / name).read_text()
    assert "**Needs** " in text[: text.index("```sh")], "an account, a cluster or Docker"


def test_every_platform_has_its_page_in_the_index():
    page = (ROOT / "docs" / "platforms.md").read_text()
    kinds = {p.parent.name for p in (ROOT / "targets").glob("*/target.toml") if "variant_of" not in p.read_text()}

    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in page] == []


def test_the_readmes_target_is_a_target(tmp_path, monkeypatch):
    [text] = [block for name, block in blocks("toml") if name == "README.md"]
    lines = "\n".join(line.removeprefix("   ") for line in text.splitlines())

    assert TargetToml.model_validate(tomllib.loads(lines)).base_url == "https://chat-fn.example.com"


def test_the_variant_of_the_docs_is_a_variant(tmp_path):
    [text] = [block for name, block in blocks("toml") if name == "targets/README.md" and "variant_of" in block]
    shutil.copytree(ROOT / "targets" / "local_function", tmp_path / "local_function")
    (tmp_path / "variant").mkdir()
    (tmp_path / "variant" / "target.toml").write_text(text)
    made = read_target(tmp_path / "variant", {"corpus": "c", "workspace": "w"})

    assert (made.variant_of, made.runtime.provisioned, made.runtime.concurrency) == ("local_function", 2, 20)
    assert made.prices.parameters == {"memory_mb": 1769, "provisioned": 2}


def test_the_sweep_of_the_docs_is_a_sweep():
    [text] = [block for name, block in blocks("toml") if name == "targets/README.md" and "[[settings]]" in block]

    assert [s.name for s in SweepToml.model_validate(tomllib.loads(text)).settings] == ["1024mb", "1769mb"]


def test_the_mapping_of_the_docs_is_a_mapping():
    [text] = [block for name, block in blocks("toml") if name == "targets/README.md" and "[mapping]" in block]
    made = TargetToml.model_validate(tomllib.loads(text)).mapping.field_map()

    assert made.body({"prompt": "why?", "max_tokens": 9}) == {"question": "why?", "limit": 9}
    assert made.stream.places.output_tokens == "spent.out"


def test_the_job_api_of_the_docs_is_a_target_and_its_profiles_are_profiles():
    found = [tomllib.loads(block) for name, block in blocks("toml") if name == "docs/measure-jobs.md"]
    [profiles], [target] = ([one for one in found if key in one] for key in ("profiles", "jobs"))
    made = TargetToml.model_validate(target).jobs.made()

    assert {name: Profile.model_validate(one).variant for name, one in profiles["profiles"].items()} == {
        "jobs": None,
        "backlog": "backlog",
    }
    assert {name for name, one in JobsTable.model_fields.items() if name not in target["jobs"]} == set()
    assert (made.id_at, made.status.since_done_ms, made.callback.secret) == ("task.id", "age_ms", "TASKS_HOOK_SECRET")


def test_the_jobs_of_the_docs_are_jobs(tmp_path):
    [text] = [block for name, block in blocks("json") if name == "docs/measure-jobs.md"]
    (tmp_path / "jobs.jsonl").write_text(text)

    assert [(one.id, one.kind) for one in read_shapes(tmp_path / "jobs.jsonl")] == [
        ("note", "ingest"),
        ("questions", "evaluate"),
    ]


APIS = [text for name, text in blocks("toml") if name == "docs/apis.md"]


@pytest.mark.parametrize("text", APIS, ids=lambda text: text.splitlines()[0].removeprefix("# "))
def test_every_target_of_the_page_on_apis_is_a_target(text, tmp_path):
    (tmp_path / "target.toml").write_text(text)
    made = read_target(tmp_path, {})

    assert made.fields is not None or made.openai.path_for(made.model).startswith("/")
    assert made.verified == "spec only" or made.preset


def test_the_page_on_apis_has_every_preset_and_framing():
    page = (ROOT / "docs" / "apis.md").read_text()

    assert [name for name in presets.names() if f"| `{name}` |" not in page] == []
    assert [kind.value for kind in FramingKind if not re.search(f'framing += "{kind}"', page) and kind != "sse"] == []
    for name in presets.names():
        found = presets.preset(name)
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert found.verified in row, "as the preset itself says"
        assert all(f"`{field}`" in row for field in found.needs)


def test_no_page_holds_both_sides_of_a_merge():
    marks = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)

    assert [page.name for page in [*PAGES, ROOT / "CHANGELOG.md"] if marks.search(page.read_text())] == []


def test_every_link_leads_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_option_of_the_profiles_is_documented():
    code = (
        "import harness.load; from locust.argument_parser import get_empty_argument_parser as empty;"
        "from harness.load.options import add_options; p = empty(); add_options(p);"
        "print([s for a in p._actions for s in a.option_strings])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    page = (ROOT / "docs" / "load.md").read_text()
    ours = [
        "target",
        "i-own-this-host",
        "dialect",
        "rate",
        "duration",
        "warmup",
        "arrivals",
        "cv",
        "seed",
        "slots",
        "deadline",
        "mode",
        "stream-share",
        "questions",
        "evidence",
        "trace",
        "speed",
        "model",
        "passages",
        "zipf",
        "repeats",
        "turns",
        "prompt-tokens",
        "max-tokens",
        "retry",
        "connections",
    ]

    assert all(f"'--{name}'" in done.stdout for name in ours)
    assert all(f"`--{name}" in page for name in ours)


def test_every_outcome_exit_code_and_command_is_documented():
    load, commands = (ROOT / "docs" / "load.md").read_text(), (ROOT / "docs" / "commands.md").read_text()

    assert all(f"`{outcome.value}`" in load for outcome in Outcome)
    assert all(f"| {int(code)} |" in load for code in Exit)
    assert all(f"`pilot {command}" in commands for command in COMMANDS)


SHARES = ("tenants", "on")  # tables of a name each
NAMED = {
    "profiles": Profile,
    "workloads": WorkloadTable,
    "costs": CostTable,
}  # tables that a file has many of, each with a name


def test_every_field_of_pilot_toml_is_documented():
    page = (ROOT / "docs" / "pilot-toml.md").read_text()
    for table, field in PilotToml.model_fields.items():
        if table in NAMED:
            assert all(f"`{name}`" in page for name in NAMED[table].model_fields), table
            continue
        if table in SHARES:
            assert f"`{table}.NAME`" in page
            continue
        for name in field.annotation.model_fields:
            assert f"`{table}.{name}`" in page, f"{table}.{name}"


def test_every_promise_of_a_workload_is_documented_and_the_example_is_one():
    page = (ROOT / "docs" / "workloads.md").read_text()
    made = [
        w
        for name, text in blocks("toml")
        if name == "docs/workloads.md"
        for w in tomllib.loads(text)["workloads"].values()
    ]

    assert all(f"| `{promise}` |" in page for promise in WorkloadSlos.model_fields)
    assert all(validate(WorkloadTable, one, "docs") for one in made)


@pytest.mark.parametrize(
    "table",
    [
        AuthTable,
        *(platform.config for platform in registry.runtimes().values()),
        QuotaTable,
        SweepToml,
        SettingTable,
        MappingTable,
        AnswerTable,
        StreamTable,
        WebSocketTable,
        OpeningTable,
        OpenAiTable,
        HeaderNamesTable,
    ],
)
def test_every_field_of_a_target_is_documented(table):
    assert undocumented(table, ROOT / "targets" / "README.md") == []


@pytest.mark.parametrize(
    "table",
    [source.table for source in registry.source_kinds().values()],
)
def test_every_field_of_a_source_is_documented(table):
    assert undocumented(table, ROOT / "docs" / "sources.md") == []


GENERATORS = [*registry.generators().values(), *registry.elsewheres().values()]


@pytest.mark.parametrize("kind", GENERATORS, ids=lambda one: one.kind)
def test_every_field_of_a_generator_is_documented(kind):
    page = (ROOT / "docs" / "generator.md").read_text()

    assert [n for n in fields_of(kind.config) if not re.search(rf"`{n}\b|^{n} += ", page, re.MULTILINE)] == []


def test_every_generator_of_the_docs_is_one():
    found = [tomllib.loads(text) for name, text in blocks("toml") if name == "docs/generator.md"]
    tables = [one["generator"] for one in found if "generator" in one]
    [on] = [one["on"] for one in found if "on" in one]

    assert {read_generator(GeneratorTable(**one), ROOT).kind for one in tables} == {*registry.generators()}
    assert {name: validate(registry.elsewheres()[name].config, one, "docs").stack for name, one in on.items()}


def undocumented(table, path):
    page = path.read_text()
    return [name for name in fields_of(table) if f"`{name}`" not in page and name not in ("kind", "seed")]


def test_every_billing_model_and_source_kind_is_documented():
    costs, sources = (ROOT / "docs" / "costs.md").read_text(), (ROOT / "docs" / "sources.md").read_text()

    assert [b.model for b in registry.billings() if f"`{b.model}`" not in costs] == []
    assert [kind for kind in registry.source_kinds() if f"| `{kind}` |" not in sources] == []


def test_every_platform_has_a_page_that_says_how_it_was_verified_and_what_it_bills():
    for platform in registry.platforms():
        page = (ROOT / "harness" / "platforms" / platform.kind.replace("-", "_") / "page.md").read_text()
        assert f"Verified: {platform.verified}." in page
        assert [b.model for b in platform.billings if f"`{b.model}`" not in page] == []


def test_every_way_to_reach_a_target_is_documented():
    page = (ROOT / "targets" / "README.md").read_text()
    ours = set(TargetToml.model_fields) - {"title", "verified", "prices", "runtime"}

    assert [name for name in sorted(ours) if not re.search(rf"`{name}[`.]", page)] == []


def test_the_contract_document_is_openapi_and_names_every_error():
    document = json.loads((ROOT / "targets" / "contract" / "rag-chat-1.openapi.json").read_text())
    responses = document["paths"]["/v1/chat"]["post"]["responses"]

    assert document["openapi"].startswith("3.1")
    assert set(responses) == {"200", "400", "401", "403", "413", "422", "429", "500", "502", "503", "504"}
    references = set(re.findall(r'"#/components/(\w+)/([\w-]+)"', json.dumps(document)))
    assert all(name in document["components"][kind] for kind, name in references)
