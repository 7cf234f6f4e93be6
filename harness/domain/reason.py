"""A reason: a kind and its figures. Its sentence is made in ``harness.words``, and nothing reads it back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields, replace
from typing import Any, ClassVar, NoReturn, TypeVar, dataclass_transform

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
R = TypeVar("R", bound="Reason")


@dataclass_transform(frozen_default=True)
class Reason:
    """Why something is as it is; each kind is a class, its fields the figures: a frozen dataclass without saying so.

    What a dataclass compiles for each class stands here once for all of them: there are hundreds, and compiled each
    they are a good part of the time that any command takes to start.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    __match_args__: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        dataclass(init=False, repr=False, eq=False)(cls)

    def __init__(self, *values: object, **named: object) -> None:
        known = fields(self)
        given = dict(zip((f.name for f in known), values, strict=False))
        wrong = [name for name in named if name in given or name not in self.__match_args__]
        if len(values) > len(known) or wrong:
            raise TypeError(f"{type(self).__name__}{self.__match_args__} was given {values} and {named}")
        given |= named
        for f in known:
            if f.name not in given and f.default is MISSING:
                raise TypeError(f"{type(self).__name__} misses {f.name}")
            object.__setattr__(self, f.name, given.get(f.name, f.default))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__qualname__}({shown})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._figures() == other._figures()

    def __hash__(self) -> int:
        return hash((type(self), self._figures()))

    def _figures(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)

    @property
    def kind(self) -> str:
        """Its name where machines read: ``few_blocks``."""
        return kind_of(type(self))


dataclass(init=False, repr=False, eq=False)(Reason)  # not above: to a type checker its kinds are frozen, and so is it


class Other(Reason):
    """In words that are not ours to make anew: a service's."""

    text: str


class AsRecorded(Reason):
    """In the words that the evidence holds; ``recorded`` is the kind that stands beside them, empty in older evidence."""

    text: str
    recorded: str = ""

    @property
    def kind(self) -> str:
        return self.recorded or super().kind


def as_recorded(texts: Sequence[str], kinds: Sequence[str] | None) -> tuple[AsRecorded, ...]:
    """Each text with the kind of its place; evidence that names no kind for each text names none."""
    named = kinds if kinds is not None and len(kinds) == len(texts) else [""] * len(texts)
    return tuple(AsRecorded(text, kind) for text, kind in zip(texts, named, strict=True))


def kind_of(reason: type[Reason]) -> str:
    """The name of a kind, from the name of its class."""
    return _CAPITAL.sub("_", reason.__name__).lower()


def labelled(reason: R, names: Mapping[str, str]) -> R:
    """With titles in place of folders, wherever it names targets, and of ``side`` the ``name``; in reasons within it too."""
    changed: dict[str, object] = {}
    for field in fields(reason):
        value = getattr(reason, field.name)
        if isinstance(value, Reason):
            changed[field.name] = labelled(value, names)
        elif field.name in ("target", "other", "group") and value in names:
            changed[field.name] = names[value]
        elif field.name in ("targets", "fleets"):
            changed[field.name] = tuple(names.get(name, name) for name in value)
        elif field.name == "side" and value in names:
            changed["name"] = names[value]
    return replace(reason, **changed) if changed else reason
