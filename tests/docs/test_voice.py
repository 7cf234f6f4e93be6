"""The words that docs/voice.md rules out are in no string that a person may see."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "voice.md"
CODE = [*(ROOT / "harness").rglob("*.py"), *(ROOT / "loadprofiles").rglob("*.py")]
TEXTS = [
    *(ROOT / "reports").rglob("*.j2"),
    *(p for p in (ROOT / "docs").glob("*.md") if p != GUIDE),
    ROOT / "README.md",
    *(ROOT / "targets").rglob("README.md"),
]


def ruled_out():
    """The code spans of the first column."""
    rows = [line.split("|")[1] for line in GUIDE.read_text().split("\n") if line.startswith("| `")]
    return [phrase for row in rows for phrase in re.findall(r"`([^`]+)`", row)]


def strings(path):
    """Of a module, each string that is no docstring, with its line."""
    tree = ast.parse(path.read_text())
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, holders) and isinstance(n.body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def found(phrases, lines):
    whole = re.compile("|".join(rf"\b{re.escape(phrase)}\b" for phrase in phrases), re.IGNORECASE)
    return [(number, hit.group()) for number, text in lines if (hit := whole.search(text))]


def test_no_string_of_the_program_has_them():
    phrases = ruled_out()
    assert len(phrases) > 20
    assert {str(p.relative_to(ROOT)): hits for p in CODE if (hits := found(phrases, strings(p)))} == {}


def test_no_template_and_no_page_has_them():
    phrases = ruled_out()
    every = {p: found(phrases, enumerate(p.read_text().split("\n"), 1)) for p in TEXTS}
    assert {str(p.relative_to(ROOT)): hits for p, hits in every.items() if hits} == {}


@pytest.mark.parametrize("text", ["alpha stands in no target.toml", "It is no JSON."])
def test_a_phrase_is_found_in_a_sentence(text):
    assert found(ruled_out(), [(1, text)])
