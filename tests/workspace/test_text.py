"""Files that people edit, as their editors save them."""

import json

import pytest

from harness.errors import BadFile
from harness.platforms.shared.book import read_book
from harness.tables.problems import read_toml
from harness.workspace.questions import read_questions

MARK = "\ufeff"


def question(name, text):
    return json.dumps({"id": name, "messages": [{"role": "user", "content": text}]}, ensure_ascii=False)


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085"])
def test_a_question_may_hold_any_character_that_json_does(tmp_path, mark):
    path = tmp_path / "questions.jsonl"
    path.write_text(question("q1", f"first{mark}second") + "\n" + question("q2", "plain") + "\n", encoding="utf-8")
    read = read_questions(path)

    assert [q.messages[0].content for q in read] == [f"first{mark}second", "plain"]


def test_a_questions_file_of_windows_and_two_of_them_joined_are_read(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_bytes("".join(f"{MARK}{question(name, 'x')}\r\n" for name in "ab").encode())

    assert [q.id for q in read_questions(path)] == ["a", "b"]


def test_toml_with_a_mark_is_read(tmp_path):
    path = tmp_path / "pilot.toml"
    path.write_bytes(f'{MARK}[pilot]\r\nname = "x"\r\n'.encode())

    assert read_toml(path) == {"pilot": {"name": "x"}}


def test_a_price_book_with_a_mark_is_read(tmp_path):
    path = tmp_path / "book.toml"
    path.write_bytes(f'{MARK}name = "aws-x"\ndate = "2026-11-20"\nregion = "us-east-1"\n'.encode())

    assert read_book(str(path)).region == "us-east-1"


@pytest.mark.parametrize("read", [read_toml, read_questions, lambda path: read_book(str(path))])
def test_another_encoding_is_refused_with_what_to_do(tmp_path, read):
    path = tmp_path / "file.toml"
    path.write_text("x = 1", encoding="utf-16")
    with pytest.raises(BadFile, match="is UTF-16 text: save it as UTF-8"):
        read(path)

    path.write_bytes(b"a = 1\nb = '\xe9'\n")
    with pytest.raises(BadFile, match="line 2: is not UTF-8 text"):
        read(path)
