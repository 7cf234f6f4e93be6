"""Parameters of ARM templates: which ones a template declares, and a text as a value of the declared type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import PilotError, Refused
from harness.platforms.shared.azure_deploy.part import template_of

SECRET = ("securestring", "secureobject")
TRUE, FALSE = ("true", "1"), ("false", "0")


def parameters_of(path: Path) -> dict[str, Mapping[str, Any]]:
    """As the template declares them; raises BadFile."""
    return dict(template_of(path)["parameters"])


def known_in(paths: Sequence[Path]) -> set[str]:
    """Every parameter that any of the templates has."""
    return {name for path in paths for name in parameters_of(path)}


def value_of(name: str, declared: Mapping[str, Any], text: str, hint: str = "") -> object:
    """A text as the template's type; raises Refused where it is not of that type, or not allowed."""
    kind = str(declared.get("type", "string")).lower()
    if kind == "int":
        if not re.fullmatch(r"-?\d{1,9}", text):
            raise Refused(f"{name} is {text[:40]!r}: the template wants a whole number", hint or f"--set {name}=NUMBER")
        value: object = int(text)
    elif kind == "bool":
        if text.lower() not in (*TRUE, *FALSE):
            raise Refused(f"{name} is {text[:40]!r}: the template wants true or false", hint or f"--set {name}=true")
        value = text.lower() in TRUE
    else:
        value = text
    if (problem := _problem(declared, value)) is not None:
        shown = "its value" if kind in SECRET else repr(value)[:40]
        raise Refused(f"{name}: {shown} {problem}", hint or "template.json says what each parameter takes")
    return value


def _problem(declared: Mapping[str, Any], value: object) -> str | None:
    allowed = declared.get("allowedValues")
    if allowed is not None and value not in allowed:
        return f"is not one of {', '.join(map(str, allowed))}"
    of_text = isinstance(value, str)
    size = len(value) if isinstance(value, str) else value
    bounds = ("minLength", "maxLength") if of_text else ("minValue", "maxValue")
    least, most = (declared.get(bound) for bound in bounds)
    if isinstance(size, int) and least is not None and size < least:
        return f"is too short: at least {least} characters" if of_text else f"is too small: at least {least}"
    if isinstance(size, int) and most is not None and size > most:
        return f"is too long: at most {most} characters" if of_text else f"is too large: at most {most}"
    return None


def filled(
    what: str, path: Path, given: Mapping[str, str], before: Mapping[str, Any] | None = None
) -> dict[str, dict[str, object]]:
    """Values that a deployment sends: those given, else those it had before, so that a setting that somebody chose stays.

    A value equal to the template's default is left out, so that the same deployment has the same content. Raises
    PilotError for a parameter that has no value.
    """
    out: dict[str, dict[str, object]] = {}
    for name, declared in parameters_of(path).items():
        was, usual = (before or {}).get(name), declared.get("defaultValue")
        if name in given:
            value = value_of(name, declared, given[name])
        elif isinstance(was, Mapping) and was.get("value") is not None and not _computed(usual):
            value = was["value"]
        elif "defaultValue" in declared:
            continue
        else:
            raise PilotError(
                f"{what}: its template wants {name}, which has no default",
                f"--set {name}=VALUE; {path} says what it is",
            )
        if value != usual:
            out[name] = {"value": value}
    return out


def _computed(usual: object) -> bool:
    """Whether Resource Manager computes this default: then nobody chose the value it had before."""
    return isinstance(usual, str) and usual.startswith("[")
