"""Secrets that this process knows, and every form in which others may say them again: none is written or printed.

    learned     variables that targets name or that are called as secrets are, passwords in URLs, tokens that are fetched
    forms       as it is, behind its scheme (``Bearer X``), URL-encoded, JSON- and HTML-escaped, hex, base64 at any offset
    hidden      where text is kept (``evidence.files.dump``, a run's samples) and where it is shown (``harness.outlet``)

A piece that was cut off counts too, from ``PIECE`` characters on.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote

LEAST = 6  # characters of a secret that somebody named: what is shorter would hide half of every text
LEAST_BY_NAME = 8  # of one that is only called so
LEAST_ENCODED = 8
PIECE = 12
_CALLED = re.compile(
    r"(?i)token|secret|passw|passphrase|api_?key|access_?key|private_?key|_key$|^key$|credential|cookie|signature|_pat$|_pwd$"
)
_USERINFO = re.compile(r"(?<=://)([^\s/?#@]*):([^\s/?#]+)@")
_PATH = re.compile(r"[~.]{0,2}/")
_WORDS = re.compile(r"(?i)true|false|yes|no|none|null|default|disabled|enabled|[a-z]{1,9}|\d{1,9}")


class Secrets:
    """Values by the name of what holds them; learning is rare, hiding is often and only searches for substrings."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._forms: dict[str, str] = {}
        self._sought: tuple[
            tuple[str, list[tuple[str, str]]], ...
        ] = ()  # how forms begin; they and their names, the longest first

    def learn(self, name: str, value: str | None) -> None:
        """From now on; nothing for a value that is too short to be told from words."""
        value = (value or "").strip()
        if len(value) < LEAST or value in self._values:
            return
        self._values.add(value)
        for part in _parts(value):
            for form in _forms(part):
                self._forms.setdefault(form, name)
        alike: dict[str, list[tuple[str, str]]] = {}
        for form, of in sorted(self._forms.items(), key=lambda item: -len(item[0])):
            alike.setdefault(form[:PIECE], []).append((form, of))
        self._sought = tuple(alike.items())

    def forget(self) -> None:
        """Everything."""
        self.__init__()  # type: ignore[misc]

    def learn_variables(self, names: Iterable[str], environment: Mapping[str, str] = os.environ) -> None:
        """Those that a target names."""
        for name in names:
            self.learn(name, environment.get(name))

    def learn_surroundings(self, words: Iterable[str] = (), environment: Mapping[str, str] = os.environ) -> None:
        """Variables that are called as secrets are, and passwords in any URL of variables and command line."""
        for name, value in environment.items():
            if _CALLED.search(name) and _worth_hiding(value):
                self.learn(name, value)
            self.learn_url(name, value)
        for word in words:
            self.learn_url("in a URL", word)

    def learn_url(self, name: str, text: str) -> None:
        """``user:password@`` of a URL in it; the name of a user alone is none."""
        for user, password in _USERINFO.findall(text) if "@" in text else ():
            self.learn(name, unquote(password))
            self.learn(name, base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode())

    @property
    def forms(self) -> int:
        """How many are looked for."""
        return len(self._sought)

    def holds(self, text: str) -> bool:
        """Whether anything would be hidden."""
        return any(begins in text for begins, _ in self._sought)

    def hide(self, text: str) -> str:
        """The same text with ``[secret NAME]`` for each form of a secret, or the piece of one that is left."""
        for begins, forms in self._sought:
            if begins not in text:
                continue
            parts, start = [], 0
            while (at := text.find(begins, start)) >= 0:
                length, name = max((_common(text, at, form), name) for form, name in forms)
                parts += [text[start:at], f"[secret {name}]"]
                start = at + length
            text = "".join([*parts, text[start:]])
        return text

    def hide_in(self, value: Any) -> Any:  # noqa: ANN401 - plain JSON
        """In each text of a JSON value, names of fields too."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {self.hide(key): self.hide_in(inner) for key, inner in value.items()}
        return [self.hide_in(inner) for inner in value] if isinstance(value, list) else value


KNOWN = Secrets()


def _common(text: str, at: int, form: str) -> int:
    """How many characters of the form stand here."""
    if text.startswith(form, at):
        return len(form)
    return next(k for k, (a, b) in enumerate(zip(form, text[at : at + len(form)] + "\0", strict=False)) if a != b)


def _worth_hiding(value: str) -> bool:
    return len(value) >= LEAST_BY_NAME and not _PATH.match(value) and not _WORDS.fullmatch(value)


def _parts(value: str) -> Iterator[str]:
    """What stands behind its scheme, else the value; what a Basic scheme's base64 holds; each long line of a key."""
    scheme, blank, rest = value.partition(" ")
    whole = not (blank and scheme.isalpha() and len(rest.strip()) >= LEAST)
    yield value if whole else rest.strip()
    if scheme.lower() == "basic" and not whole:
        yield from _of_basic(rest.strip())
    for line in value.split("\n") if "\n" in value else ():
        if len(line.strip()) >= PIECE and not line.startswith("-----"):
            yield line.strip()


def _of_basic(text: str) -> Iterator[str]:
    try:
        _, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return
    if colon and len(password) >= LEAST:
        yield password


def _forms(value: str) -> set[str]:
    data = value.encode("utf-8", "surrogateescape")
    escaped = json.dumps(value)[1:-1]
    said = {
        *(value, quote(data, safe=""), quote(data), quote_plus(data), html.escape(value)),
        *(escaped, json.dumps(value, ensure_ascii=False)[1:-1], escaped.replace("/", "\\/"), repr(value)[1:-1]),
        value.lower(),  # as media types are compared
    }
    said |= {re.sub(r"%[0-9A-F]{2}", lambda m: m[0].lower(), form) for form in said}
    encoded = {data.hex()}
    for before in range(3):  # base64 of anything that holds it: what its neighbours change is left out
        whole = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        core = whole[(0, 2, 3)[before] : len(whole) - (1 if (before + len(data)) % 3 else 0)]
        encoded |= {core, core.translate(str.maketrans("+/", "-_"))}
    return said | {form for form in encoded if len(form) >= LEAST_ENCODED}
