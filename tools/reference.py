"""Makes docs/reference.md from the code: every command, option, field, column and code, with its type and default.

python -m tools.reference writes it; a test holds the file to what this makes.
"""

from __future__ import annotations

import enum
import inspect
import json
import subprocess
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import typer
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.models import ArgumentInfo, OptionInfo

from harness.cli.app import COMMANDS, registered
from harness.domain.columns import Column
from harness.domain.sample import Outcome
from harness.errors import Exit
from harness.evidence.fields import FILES
from harness.frames.bills import BILLS
from harness.frames.judged import COMPARISONS, VERDICTS
from harness.frames.readings import READINGS
from harness.frames.runs import RUNS
from harness.frames.samples import HEAD as HEAD_OF_SAMPLES
from harness.frames.samples import TIMES
from harness.platforms import registry
from harness.platforms.generator import LocalConfig
from harness.tables.problems import fields_of
from harness.workspace import presets
from harness.workspace.pilot_toml import PilotToml
from harness.workspace.sweep_toml import SweepToml
from harness.workspace.target_toml import TargetToml

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference.md"
PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false"}
PROFILE_OPTIONS = """
import json, harness.load
from locust.argument_parser import get_empty_argument_parser as empty
from harness.load.options import add_options
ours, none = empty(), empty()
add_options(ours)
known = {s for action in none._actions for s in action.option_strings}
rows = [
    [", ".join(a.option_strings), " | ".join(map(str, a.choices)) if a.choices else a.metavar or "", a.help or ""]
    for a in ours._actions
    if a.option_strings and not set(a.option_strings) & known
]
print(json.dumps(rows))
"""
HEAD = """\
# Reference

Generated from the code by `python -m tools.reference`; a test keeps it in sync. What the fields mean and why: [pilot.toml](pilot-toml.md),
[targets](../targets/README.md), [sources](sources.md), [costs](costs.md), [load](load.md).
"""
EVIDENCE = """\
What every file of an evidence folder holds. In samples.parquet `*_s` are instants in seconds from the run's start on one monotonic
clock, except those whose meaning begins with "duration"; what did not happen or is not known is null, never 0.
"""
PRESETS = """\
What `dialect = "NAME"` lays under the tables of a target: what the target says wins, field by field, and the bodies of requests
whole. Each may be copied into a target.toml, without `needs`; [which APIs](apis.md) says what each wants.
"""
FRAMED = "What [harness.open](notebook.md) gives. samples() has every column of samples.parquet too.\n"
FRAMES = {
    "samples": (*HEAD_OF_SAMPLES, *TIMES),
    "runs": RUNS,
    "readings": READINGS,
    "bills": BILLS,
    "verdicts": VERDICTS,
    "comparisons": COMPARISONS,
}
TYPES = {
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "word": "word",
    "text": "text",
    "instant": "time",
}


def page() -> str:
    """The whole file."""
    parts = [
        HEAD,
        "## Commands\n",
        *_commands(),
        "## Options of the profiles\n",
        "`locust -f loadprofiles/NAME.py` takes these beside Locust's own.\n",
        _table(("option", "value", "does"), [(f"`{o}`", _code(v), h) for o, v, h in _profile_options()]),
        "## pilot.toml\n",
        *_tables(PilotToml),
        *(
            part
            for config in (LocalConfig, *(kind.config for kind in registry.generators().values()))
            for part in _tables(config, f"[generator], kind = {json.dumps(config.kind)}", "generator")
        ),
        *(
            part
            for name, kind in registry.elsewheres().items()
            for part in _tables(kind.config, f"[on.{name}]", f"on.{name}")
        ),
        "## target.toml\n",
        *_tables(TargetToml),
        *(
            part
            for name, platform in registry.runtimes().items()
            for part in _tables(platform.config, f"[runtime], kind = {json.dumps(name)}", "runtime")
        ),
        "## Presets\n",
        PRESETS,
        *(_preset(name) for name in presets.names()),
        "## [[sources]] of target.toml\n",
        *(
            part
            for name, source in registry.source_kinds().items()
            for part in _tables(source.table, f"[[sources]], kind = {json.dumps(name)}", "sources")
        ),
        "## sweep.toml\n",
        *_tables(SweepToml),
        "## Billing models\n",
        _table(
            ("`prices.model`", "is billed", "bills"),
            [(f"`{b.model}`", b.how.value, _first(b.means)) for b in registry.billings()],
        ),
        *(
            part
            for b in registry.billings()
            for part in _tables(b.terms, f"[prices.parameters], model = {json.dumps(b.model)}")
        ),
        "## Exit codes\n",
        _table(("code", "name"), [(str(int(code)), code.name.lower()) for code in Exit]),
        "What each means: [load](load.md#exit-codes).\n",
        "## Outcomes\n",
        ", ".join(f"`{outcome.value}`" for outcome in Outcome) + ".\n",
        "## Columns of the evidence\n",
        EVIDENCE,
        *(part for name, columns in FILES.items() for part in (f"### {name}\n", _columns(columns))),
        "## Columns of the frames\n",
        FRAMED,
        *(part for name, columns in FRAMES.items() for part in (f"### pilot.{name}()\n", _columns(columns))),
    ]
    return "\n".join(parts)


def _preset(name: str) -> str:
    text = (presets.FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return f"### {name}\n\n```toml\n{text}```\n"


def _commands() -> Iterator[str]:
    yield from _of(registered(), "pilot")


def _of(group: typer.Typer, path: str) -> Iterator[str]:
    """Commands of a group in the order of their names, then those of the groups within it."""
    found = [(command.name or command.callback.__name__, command.callback) for command in group.registered_commands]
    inner = group.registered_groups
    found += [(g.name, c.callback) for g in inner if (c := g.typer_instance.registered_callback)]
    order = {name: k for k, name in enumerate(COMMANDS)}
    for name, callback in sorted(found, key=lambda pair: order.get(pair[0], len(order))):
        yield f"### {path} {name}\n"
        yield f"{_first(callback.__doc__)}\n"
        if rows := list(_parameters(callback)):
            yield _table(("argument or option", "value", "default", "does"), rows)
    for sub in inner:
        yield from _of(sub.typer_instance, f"{path} {sub.name}")


def _parameters(callback: Any) -> Iterator[tuple[str, str, str, str]]:  # noqa: ANN401 - any command
    hints = get_type_hints(callback, include_extras=True)
    for name, parameter in inspect.signature(callback).parameters.items():
        if get_origin(hints[name]) is not Annotated:  # the context is no option
            continue
        annotation, rules = _plain(hints[name])
        said = next(rule for rule in rules if isinstance(rule, OptionInfo | ArgumentInfo))
        flag, argument = annotation is bool, isinstance(said, ArgumentInfo)
        long = f"--{name.replace('_', '-')}"
        named = [d for d in (said.default, *(said.param_decls or ())) if isinstance(d, str) and d.startswith("-")]
        shown = [said.metavar or name.upper()] if argument else named or [long]
        if flag and parameter.default is True:
            shown = [long, f"--no-{long[2:]}"]
        missing = parameter.default in (None, False, inspect.Parameter.empty)
        value = "" if flag or argument else said.metavar or _words(annotation, [])
        yield f"`{', '.join(shown)}`", value, "" if missing else _code(_shown(parameter.default)), said.help or ""


def _profile_options() -> list[list[str]]:
    done = subprocess.run([sys.executable, "-c", PROFILE_OPTIONS], capture_output=True, text=True, check=True, cwd=ROOT)
    rows: list[list[str]] = json.loads(done.stdout)
    return rows


def _tables(model: type[BaseModel], title: str = "", at: str = "") -> Iterator[str]:
    """The model's own fields, then each table within it, once; tables that are alike share their title."""
    own = [(name, info) for name, info in _fields(model) if not list(_models(info.annotation)) and not _tag(info)]
    if own or title.endswith('"'):
        yield f"### {title or 'at the top'}\n"
        if words := _first(model.__doc__).removeprefix(f"`{title.rpartition(', ')[2]}`").lstrip(":. "):
            yield "" if words.startswith("The whole") else f"{words[0].upper()}{words[1:]}\n"
        yield _table(("field", "type", "default"), [_field(name, info) for name, info in own])
    places: dict[type[BaseModel], list[str]] = {}
    for name, info in _fields(model):
        plain = get_origin(_plain(info.annotation)[0])
        place = f"{at}.{name}" if at else name
        shown = f"[[{place}]]" if plain in (tuple, list) else f"[{place}.NAME]" if plain is dict else f"[{place}]"
        for found in _models(info.annotation) if name not in ("sources", "runtime") else ():
            places.setdefault(found, []).append(shown)
    for found, shown in places.items():
        kinds = [kind for name, info in _fields(found) if name == "kind" for kind in _tag(info)]
        titles = [f"{one}, kind = {json.dumps(kind)}" for one in shown for kind in kinds] or shown
        yield from _tables(found, ", ".join(titles), shown[0].strip("[]"))


def _tag(info: FieldInfo) -> tuple[str, ...]:
    """The one value of a field that only says which kind of table this is."""
    values = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
    return values if len(values) == 1 else ()


def _fields(model: type[BaseModel]) -> Iterable[tuple[str, FieldInfo]]:
    return [(info.alias or name, info) for name, info in fields_of(model).items()]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any type at all
    if fields_of(annotation):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _models(part)


def _field(name: str, info: FieldInfo) -> tuple[str, str, str]:
    if info.is_required():
        default = "required"
    else:
        value = info.get_default(call_default_factory=True)
        default = "none" if value in (None, (), {}, "") else _code(_shown(value))
    annotation, rules = _plain(info.annotation)
    return f"`{name}`", _words(annotation, [*rules, *info.metadata]), default


def _shown(value: object) -> str:
    if isinstance(value, BaseModel):
        return json.dumps(value.model_dump(mode="json", exclude_none=True))
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(annotation: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401 - any type at all
    """Without ``Annotated`` and without None, with the rules that stood there."""
    rules: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            rules += [m for rule in more for m in getattr(rule, "metadata", [rule])]
        elif get_origin(annotation) in (Union, types.UnionType):
            kept = [part for part in get_args(annotation) if part is not type(None)]
            if len(kept) != 1:
                return annotation, rules
            [annotation] = kept
        else:
            return annotation, rules


def _words(annotation: Any, rules: Sequence[Any]) -> str:  # noqa: ANN401 - any type at all
    """A type as a person says it, with what its rules add."""
    annotation, more = _plain(annotation)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    if origin in (tuple, list):
        said = f"list of {_words(inner[0], [])}"
    elif origin in (dict, Mapping):
        said = f"table of {_words(inner[1], [])}"
    elif origin in (Union, types.UnionType):
        said = " or ".join(_words(part, []) for part in inner)
    else:
        said = PLAIN.get(
            annotation, "number" if annotation.__class__ is type and annotation.__name__ == "Decimal" else "anything"
        )
    return " ".join([said, *(text for rule in (*more, *rules) if (text := _rule(rule)))])


def _rule(rule: Any) -> str:  # noqa: ANN401 - whatever pydantic keeps
    match rule:
        case Gt(gt=least):
            return f"above {least:g}"
        case Ge(ge=least):
            return f"from {least:g}"
        case Lt(lt=most):
            return f"and below {most:g}"
        case Le(le=most):
            return f"to {most:g}"
        case MinLen(min_length=least) if least > 1:
            return f"of at least {least}"
        case _:
            pattern = getattr(rule, "pattern", None)
            return f"as {_code(pattern)}" if pattern else ""


def _first(words: str | None) -> str:
    return (words or "").strip().split("\n\n")[0].replace("\n", " ").replace("``", "`").strip()


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _columns(columns: Sequence[Column]) -> str:
    rows = [(f"`{c.name}`", TYPES[c.kind], c.unit or "", f"{c.means[0].upper()}{c.means[1:]}") for c in columns]
    return _table(("column or field", "type", "unit", "means"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    rows = list(rows)
    if not rows:
        return "No field but `kind`.\n"
    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
