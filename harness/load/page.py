"""Locust's page: its form shows what is in force, what it posts is read as the command line is, and a refusal is answered to it.

Locust's own handler of the form sets whatever is posted, each list posts its first entry
where nobody chose one, and what is refused later is only logged. Who may post is the gate's.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from locust.argument_parser import ui_extra_args_dict

from harness.errors import PilotError, Refused
from harness.load import locusts_own
from harness.load.gate import Gate, Page, page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from locust.argument_parser import LocustArgumentParser
    from locust.env import Environment

UNCHOSEN = ""  # the first entry of a list, and a field that is left empty: as the profile and pilot.toml say
ALWAYS_POSTED = ("user_count", "spawn_rate", "shape_class")  # of Locust's own form, where they cannot be edited
MOST_BYTES = 64 * 1024  # of a form
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def serve(
    environment: Environment, parser: LocustArgumentParser, start: Callable[[argparse.Namespace], None]
) -> Page | None:
    """Answer the form of this web UI, to whoever has its address; ``start`` begins a run and raises PilotError where it does not."""
    ui = environment.web_ui
    if ui is None or ui.app is None:
        return None
    assert environment.parsed_options is not None
    page = page_of(environment.parsed_options)
    ui.app.wsgi_app = Gate(ui.app.wsgi_app, page)  # type: ignore[method-assign]
    ui.app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    from flask import jsonify, request  # noqa: PLC0415 - only where there is a web UI

    fields = {name: parser.args_included_in_web_ui[name] for name in ui_extra_args_dict()}  # what the page shows
    as_locust_does = ui.update_template_args

    def update_template_args() -> None:
        as_locust_does()
        ui.template_args["extra_options"] = in_force(ui.template_args["extra_options"], environment.parsed_options)

    def swarm() -> Any:  # noqa: ANN401 - Flask's
        assert environment.parsed_options is not None
        said: dict[str, Any] = {"success": True, "message": "The run starts"}
        try:
            if request.mimetype not in FORMS or request.args or request.files:
                raise Refused("what was posted is not the page's form", "use the page itself")
            given = chosen(request.form.to_dict(flat=False), environment.parsed_options, fields)
            start(given)
        except PilotError as error:
            said = {"success": False, "message": f"Refused: {error}" + (f" ({error.hint})" if error.hint else "")}
        return jsonify({**said, "host": environment.host})

    ui.update_template_args = update_template_args  # type: ignore[method-assign]
    ui.app.view_functions["locust.swarm"] = ui.auth_required_if_enabled(swarm)
    return page


def in_force(shown: Mapping[str, Mapping[str, Any]], parsed: argparse.Namespace | None) -> dict[str, dict[str, Any]]:
    """Locust's description of the form's fields, with what counts now; a list can be left unchosen."""
    out = {}
    for name, field in shown.items():
        value = getattr(parsed, name, field["default_value"])
        choices = field["choices"]
        if choices and not field["is_multiple"]:
            choices = choices if UNCHOSEN in choices else [UNCHOSEN, *choices]
        out[name] = {**field, "default_value": value, "choices": choices}
    return out


def chosen(
    posted: Mapping[str, Sequence[str]], parsed: argparse.Namespace, fields: Mapping[str, argparse.Action]
) -> argparse.Namespace:
    """What is in force, with what was posted; a field that is not there stays. Raises Refused with all problems."""
    given = argparse.Namespace(**vars(parsed))
    problems: list[str] = []
    for name, texts in posted.items():
        if name in ALWAYS_POSTED:
            continue
        if name == "host":
            if (texts[-1].strip() or None) != (parsed.host or None):
                problems.append(f"host: {ONLY_COMMAND_LINE}")
        elif name in ("run_time", "profile"):
            if texts[-1].strip():
                problems.append(f"{name}: {INSTEAD[name]}")
        elif name in fields:
            _set(given, fields[name], texts, problems)
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


def _set(given: argparse.Namespace, action: argparse.Action, texts: Sequence[str], problems: list[str]) -> None:
    text = texts[-1].strip()
    name = "--" + action.dest.replace("_", "-")
    if isinstance(action.default, bool) or action.nargs == 0:
        setattr(given, action.dest, text == "true")
        return
    if not text:
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
