"""Writes a workspace into a folder that has none; nothing that is there is replaced."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from harness.domain.lines import lines_of
from harness.domain.target import Dialect
from harness.errors import Refused
from harness.scaffold.answers import EXTERNAL, Answers, Side
from harness.scaffold.kinds import copied, kinds
from harness.scaffold.template import QUICK_SCALE, pilot_toml
from harness.tables.problems import parse_toml, validate
from harness.workspace import open_workspace, presets
from harness.workspace.pilot_toml import PilotToml
from harness.workspace.shipped import shipped
from harness.workspace.sweep_toml import FILE as SWEEP_FILE

IGNORE = """\
# what a pilot makes
evidence/
reports/rendered/
.pilot/
STOP
# secrets: what a generator reads, and the key of a certificate
*.env
key.pem
"""
DOCKERIGNORE = """\
# what an image does not need: it is built from targets/
.git
.venv*
.pilot
evidence
reports
build
**/__pycache__
**/*.env
**/key.pem
**/worker-secret
"""
REPORTS = """\
# Your own pages

A file `reports/sections/NN-name.md.j2` is a section of the report: Markdown with Jinja, ordered by its number; one of the
name of an installed section replaces it. `reports/style/report.css` and `reports/templates/page.html.j2` replace style and page.
"""
QUESTIONS = (
    "How do I reset my password?",
    "What is the difference between the two plans, and which one should a team of five take?",
    "Summarise the three most important points of the onboarding guide.",
    "Which regions is the service available in?",
    "Explain step by step how to export my data.",
    "What does error 4012 mean and how do I get rid of it?",
    "Who may see the documents that I upload?",
    "Write a short announcement of the new release for our users.",
)
MAPPING = """\
# [mapping]                  # with dialect = "mapped": how it is asked, and where its answers hold what is measured
# path    = "/api/ask"
# request = { question = "{prompt}", stream = "{stream}", limit = "{max_tokens}" }   # also {messages}, {top_k}, {session}
# [mapping.answer]           # paths: names and positions joined by dots, * for every element
# text          = "data.reply"
# input_tokens  = "data.usage.in"
# output_tokens = "data.usage.out"
# [mapping.stream]           # server-sent events; others by framing = "ndjson", "text", "json-array", "websocket" …
# token_event = "delta"
# text        = "piece"
# done_event  = "end"

"""
BASE = "aws_base"  # the folder whose image every deployment runs
PAGE = Path(__file__).parent / "targets.md"  # a link to targets/README.md: the wheel's folders hold no single files
LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def write(folder: Path, answers: Answers) -> list[Path]:
    """Files in the order they were written.

    Raises Refused for a folder that holds a pilot, or an unknown kind, BadFile for a workload that no profile measures.
    """
    answers.checked()
    known = kinds()
    for side in (answers.baseline, answers.candidate):
        if side.kind not in known:
            raise Refused(f"no kind of target {side.kind!r}", f"known: {', '.join(known)}")
    if (folder / "pilot.toml").exists():
        raise Refused(f"{folder / 'pilot.toml'} is there already", "name another folder, or change that file")
    text = pilot_toml(answers)
    validate(PilotToml, parse_toml(text, folder / "pilot.toml"), folder / "pilot.toml")
    made: list[Path] = []
    for profile in sorted(shipped("loadprofiles").glob("*.py")):
        _put(folder / "loadprofiles" / profile.name, profile.read_text(encoding="utf-8"), made)
    for side in (answers.baseline, answers.candidate):
        _target(folder / "targets" / side.folder, side, made)
        if answers.quick:
            _quicker(folder / "targets" / side.folder, made)
    _put(folder / "targets" / "README.md", PAGE.read_text(encoding="utf-8"), made)
    if answers.baseline.kind == answers.candidate.kind == EXTERNAL:
        _put(folder / "questions.jsonl", _questions(), made)
    _put(folder / "reports" / "README.md", REPORTS, made)
    _put(folder / ".gitignore", IGNORE, made)
    _put(folder / "pilot.toml", text, made)
    for path in made:
        if path.suffix == ".md":
            _without_dead_links(path)
    open_workspace(folder)
    return made


def _target(folder: Path, side: Side, made: list[Path]) -> None:
    if side.kind == EXTERNAL:
        _put(folder / "target.toml", _external(side) if side.draft is None else side.draft, made)
        _put(folder / "README.md", (shipped("targets") / EXTERNAL / "README.md").read_text(encoding="utf-8"), made)
        return
    source = shipped("targets") / side.kind
    _copy(source, folder, made)
    if not source.name.startswith("local_"):
        _image(folder.parent, made)
        for name in _named(source):
            _copy(shipped("targets") / name, folder.parent / name, made)
    if side.url is not None:
        path = folder / "target.toml"
        lines = path.read_text(encoding="utf-8").split("\n")
        said = f"base_url = {json.dumps(side.url)}"
        path.write_text("\n".join(said if x.startswith("base_url") else x for x in lines), encoding="utf-8")


def _quicker(folder: Path, made: list[Path]) -> None:
    """A first look tries no settings, and its embedded model answers faster, as pilot.toml says under [scaling]."""
    target_toml, sweep = folder / "target.toml", folder / SWEEP_FILE
    text = target_toml.read_text(encoding="utf-8")
    target_toml.write_text(text.replace('"--time-scale", "1"', f'"--time-scale", "{QUICK_SCALE:g}"'), encoding="utf-8")
    if sweep in made:
        sweep.unlink()
        made.remove(sweep)


def _external(side: Side) -> str:
    """The file that came with this package, with what was said of this side in it."""
    text = (shipped("targets") / EXTERNAL / "target.toml").read_text(encoding="utf-8")
    mapped = side.dialect == Dialect.MAPPED
    said = {
        "title": json.dumps(side.folder),
        "base_url": json.dumps(side.url),
        "dialect": f"{json.dumps(side.dialect)}      # or {', '.join(presets.apis())}"
        + (f"\nmodel    = {json.dumps(side.model)}" if side.model else ""),
    }
    wanted = presets.preset(side.dialect).needs if side.dialect in presets.names() else {}
    api = [f'{n[4:]} = ""    # {what}\n' for n, what in wanted.items() if n.startswith("api.")]
    for name, value in said.items():
        text = re.sub(rf"(?m)^({name} *= ).*$", lambda found, value=value: found.group(1) + value, text, count=1)  # type: ignore[misc]
    mapping = MAPPING.replace("# ", "", 1).replace("\n# ", "\n") if mapped else MAPPING
    tables = "".join(["[api]\n", *api, "\n"]) if api else ""
    if side.dialect in presets.names():
        mapping = _shown(side.dialect)
    return text.replace("[runtime]", f"{tables}{mapping}[runtime]", 1)


def _shown(preset: str) -> str:
    """What a preset stands for, as comments: any table of it may be said to change it."""
    lines = lines_of((presets.FOLDER / f"{preset}.toml").read_text(encoding="utf-8"))
    return "".join(f"# {line}".rstrip() + "\n" for line in [f'dialect = "{preset}" stands for:', *lines]) + "\n"


def _image(targets: Path, made: list[Path]) -> None:
    """What a deployment's image is built from: its Dockerfile, the service, and what a build leaves out."""
    base = shipped("targets") / BASE
    _copy(base, targets / BASE, made)
    for place, source in copied(base / "Dockerfile").items():
        _copy(source, targets.parent / place, made)
    _put(targets.parent / ".dockerignore", DOCKERIGNORE, made)


def _named(source: Path) -> list[str]:
    """Other folders whose files its page uses: what several deployments of one cloud share."""
    page = source / "README.md"
    found = re.findall(r"targets/(\w+_base)/", page.read_text(encoding="utf-8")) if page.is_file() else []
    return sorted({name for name in found if name != BASE and (shipped("targets") / name).is_dir()})


def _copy(source: Path, to: Path, made: list[Path]) -> None:
    """Every file that is not there yet."""
    for path in sorted(p for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        at = to / path.relative_to(source)
        if not at.exists():
            at.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, at)
            made.append(at)


def _without_dead_links(page: Path) -> None:
    """A page speaks of others that stay with the package: their names stay, the links go."""

    def kept(found: re.Match[str]) -> str:
        to = found.group(2)
        return found.group(0) if "://" in to or (page.parent / to).exists() else found.group(1)

    page.write_text(LINK.sub(kept, page.read_text(encoding="utf-8")), encoding="utf-8")


def _put(path: Path, text: str, made: list[Path]) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    made.append(path)


def _questions() -> str:
    rows = (
        {"id": f"q{k:03d}", "messages": [{"role": "user", "content": text}], "max_tokens": 256}
        for k, text in enumerate(QUESTIONS)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)
