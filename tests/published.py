"""What clouds publish of their own answers: Azure's models, Google's messages, the Kubernetes schemas; all offline."""

import typing
from importlib import import_module

from google.protobuf import json_format


def held_to_google(message, data):
    """Raises ParseError where a field is unknown to Google's own message, or its value is of another type."""
    json_format.ParseDict(data, message.pb()())


def unknown(model, data, at=""):
    """Paths in ``data`` that the model has no field for."""
    if not isinstance(data, dict):
        return []
    hints = _hints(model)
    fields = {field._rest_name: hints.get(name) for name, field in model()._attr_to_rest_field.items()}
    out = []
    for key, value in data.items():
        if key not in fields:
            out.append(f"{at}{key}")
            continue
        inner = _model_of(fields[key])
        if inner is not None:
            for k, one in enumerate(value if isinstance(value, list) else [value]):
                out += unknown(inner, one, f"{at}{key}[{k}].")
    return out


def unknown_of_map(models, name, data, at=""):
    """As ``unknown``, for the models that say their fields in an ``_attribute_map``."""
    fields = {field["key"]: field["type"].strip("[]") for field in getattr(models, name)._attribute_map.values()}
    out = []
    for key, value in data.items():
        if key not in fields:
            out.append(f"{at}{key}")
            continue
        inner = fields[key]
        if hasattr(getattr(models, inner, None), "_attribute_map"):
            for k, one in enumerate(value if isinstance(value, list) else [value]):
                out += unknown_of_map(models, inner, one, f"{at}{key}[{k}].")
    return out


def _hints(model):
    found = {}
    for kind in (k for k in reversed(model.__mro__) if k.__module__.endswith("._models")):
        module = import_module(kind.__module__)
        package = import_module(kind.__module__.rpartition(".")[0])
        scope = {**vars(module), "_models": package}
        for name, hint in getattr(kind, "__annotations__", {}).items():
            found[name] = typing.get_type_hints(type("One", (), {"__annotations__": {name: hint}}), scope)[name]
    return found


def _model_of(hint):
    if hint is None:
        return None
    if isinstance(hint, type) and hasattr(hint, "_get_discriminator"):
        return hint
    if typing.get_origin(hint) is dict:
        return None
    return next((found for part in typing.get_args(hint) if (found := _model_of(part))), None)
