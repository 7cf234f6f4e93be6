"""Field names of Azure's own models, walked over a template's resource."""

import typing
from importlib import import_module


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
