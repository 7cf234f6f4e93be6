"""The form of Locust's page: what it is filled in with, and what was posted as a command line's options."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from harness.errors import Refused
from harness.load import locusts_own

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.load.spec import RunSpec

UNCHOSEN = "as the file says"  # the first entry of a list; a field that is left empty means the same
ALWAYS_POSTED = ("user_count", "spawn_rate", "shape_class")  # of Locust's own form, where they cannot be edited


def in_force(
    shown: Mapping[str, Mapping[str, Any]], parsed: argparse.Namespace | None, spec: RunSpec | None = None
) -> dict[str, dict[str, Any]]:
    """Locust's description of the form's fields, with what counts now; a list can be left unchosen."""
    said = {} if spec is None else as_files_say(spec)
    out = {}
    for name, field in shown.items():
        value = getattr(parsed, name, field["default_value"])
        choices = field["choices"]
        if choices and not field["is_multiple"]:
            usual = f"{UNCHOSEN} ({said[name]})" if name in said and value is None else UNCHOSEN
            choices = [usual, *(choice for choice in choices if choice)]
        elif value is None:
            value = said.get(name)
        out[name] = {**field, "default_value": value, "choices": choices}
    return out


def as_files_say(spec: RunSpec) -> dict[str, Any]:
    """What a field holds that nobody filled in, where posting it changes nothing: the same load, the same requests."""
    load = spec.load
    rate = load.phases[0].rate if load.phases else getattr(load.experiment, "rate", None)
    duration_s = getattr(load.experiment, "duration_s", None) if load.experiment else load.duration_s
    said: dict[str, Any] = {"seed": spec.seed, "deadline": spec.deadline_s, "connections": spec.connections}
    if rate is not None and load.at_rate(rate) == load:
        said["rate"] = rate
    if duration_s is not None and load.during(duration_s) == load:
        said["duration"] = duration_s
    if load.phases:
        said |= {"warmup": load.warmup_s, "arrivals": load.process.value}
    return said


def chosen(
    posted: Mapping[str, Sequence[str]],
    parsed: argparse.Namespace,
    fields: Mapping[str, argparse.Action],
    host: str | None = None,
) -> argparse.Namespace:
    """What is in force, with what was posted; a field that is not there stays. Raises Refused with all problems.

    ``host``: what the page shows as such. Its script writes a field's name its own way, ``p95`` as ``p_95``.
    """
    names = {_letters(name): name for name in fields}
    given = argparse.Namespace(**vars(parsed))
    problems: list[str] = []
    for name, texts in posted.items():
        if name in ALWAYS_POSTED:
            continue
        if name == "host":
            if (texts[-1].strip() or None) not in (parsed.host or None, host):
                problems.append(f"host: {ONLY_COMMAND_LINE}")
        elif name in ("run_time", "profile"):
            if texts[-1].strip():
                problems.append(f"{name}: {INSTEAD[name]}")
        elif _letters(name) in names:
            _set(given, fields[names[_letters(name)]], texts, problems)
        else:
            problems.append(f"{name}: is not a field of this page; {ONLY_COMMAND_LINE}")
    if problems:
        raise Refused("; ".join(problems), "fix it and start again; an empty field counts as not chosen")
    return given


ONLY_COMMAND_LINE = "whom a run may reach and what it reads and writes is said on the command line alone"
INSTEAD = {
    "run_time": "duration is the length of the measured part",
    "profile": locusts_own.REFUSED["profile"][1],
}


def _letters(name: str) -> str:
    return name.replace("_", "")


def _set(given: argparse.Namespace, action: argparse.Action, texts: Sequence[str], problems: list[str]) -> None:
    text = texts[-1].strip()
    name = "--" + action.dest.replace("_", "-")
    if isinstance(action.default, bool) or action.nargs == 0:
        setattr(given, action.dest, text == "true")
        return
    if not text or (action.choices is not None and text.startswith(UNCHOSEN)):
        setattr(given, action.dest, action.default)
        return
    several = action.nargs in ("*", "+") or getattr(action, "is_multiple", False)
    values = [part for one in texts for part in one.split(",")] if several else [text]
    read = []
    for value in values:
        try:
            read.append(action.type(value) if callable(action.type) else value)
        except (ValueError, TypeError, argparse.ArgumentTypeError):
            problems.append(f"{name}: {value!r} is not a valid {getattr(action.type, '__name__', 'value')}")
            return
        if action.choices is not None and read[-1] not in action.choices:
            problems.append(f"{name}: want one of {', '.join(map(str, action.choices))}, not {value!r}")
            return
    setattr(given, action.dest, read if several else read[-1])
