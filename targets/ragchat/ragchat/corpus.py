"""Corpora: documents from a folder, or by default from this Python's own standard library."""

from __future__ import annotations

import ast
import inspect
import json
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PASSAGE_CHARS = 960  # about 240 tokens, the mean passage of the RAG traffic that the defaults follow


@dataclass(frozen=True)
class Document:
    """One text with a name; ``subject`` is what a person would call it."""

    id: str
    title: str
    text: str
    subject: str


class CorpusError(Exception):
    """The corpus holds nothing that can be indexed, or a file of it cannot be read."""


def from_folder(root: Path) -> Iterator[Document]:
    """Markdown, text and JSON Lines files below ``root``, in the order of their paths.

    A JSON line is an object with ``text`` and, optionally, ``id`` and ``title``.
    """
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder")
    for path in sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink()):
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() in {".md", ".markdown", ".txt", ".rst"}:
            text = path.read_text(encoding="utf-8-sig", errors="replace")
            title = next((line.lstrip("# ").strip() for line in text.split("\n") if line.strip()), name)[:120]
            yield Document(name, title, text, title)
        elif path.suffix.lower() == ".jsonl":
            yield from _json_lines(path, name)


def _json_lines(path: Path, name: str) -> Iterator[Document]:
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")  # U+2028 may stand in a text as it is
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: is not UTF-8 text ({error.reason})") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.removeprefix("\ufeff"))  # joined files carry their mark inside
            text = row["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(f"{path}:{number}: want an object with a text field ({error})") from None
        title = str(row.get("title") or f"{name} {number}")[:120]
        yield Document(str(row.get("id") or f"{name}#{number}"), title, str(text), title)


def from_standard_library() -> Iterator[Document]:
    """The doc strings of the standard library's public modules, classes and functions; nothing is imported."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted([*root.glob("*.py"), *root.glob("*/__init__.py"), *root.glob("*/[a-z]*.py")]):
        parts = path.relative_to(root).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if any(p.startswith("_") or p in _SKIPPED for p in parts) or not parts:
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        yield from _described(tree, ".".join(parts))


_SKIPPED = frozenset(
    ["test", "tests", "idlelib", "lib2to3", "turtledemo", "site-packages", "ensurepip", "pydoc_data", "encodings"]
)


def _described(node: ast.AST, name: str) -> Iterator[Document]:
    kind = {ast.Module: "module", ast.ClassDef: "class"}.get(type(node), "function")
    text = ast.get_docstring(node) if isinstance(node, _WITH_DOCS) else None
    if text and len(text) > 60:
        signature = f"{name}{_signature(node)}" if kind == "function" else name
        yield Document(f"py:{name}", name, f"{kind} {signature}\n\n{inspect.cleandoc(text)}", name)
    for child in getattr(node, "body", ()):
        if isinstance(child, _NAMED) and not child.name.startswith("_"):
            yield from _described(child, f"{name}.{child.name}")


_NAMED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_WITH_DOCS = (ast.Module, *_NAMED)


def _signature(node: ast.AST) -> str:
    return f"({ast.unparse(node.args)})" if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else ""


def standard_library_name() -> str:
    """What a report calls the default corpus."""
    return f"python-{sys.version_info.major}.{sys.version_info.minor}-standard-library"


def passages(text: str) -> Iterator[str]:
    """Paragraphs packed into passages of at most about ``PASSAGE_CHARS`` characters; long ones are cut at spaces."""
    held = ""
    for block in text.replace("\r\n", "\n").split("\n\n"):
        paragraph = block.strip("\n")
        if not paragraph.strip():
            continue
        if held and len(held) + len(paragraph) > PASSAGE_CHARS:
            yield held
            held = ""
        held = f"{held}\n\n{paragraph}" if held else paragraph
        while len(held) > PASSAGE_CHARS * 1.5:
            cut = held.rfind(" ", 0, PASSAGE_CHARS)
            cut = cut if cut > 0 else PASSAGE_CHARS
            yield held[:cut].strip()
            held = held[cut:].strip()
    if held.strip():
        yield held
