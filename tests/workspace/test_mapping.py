"""[mapping] of target.toml: requests that are asked as it says, answers that are read where it says."""

import dataclasses
import tomllib

import pytest
from pydantic import ValidationError

from harness.domain.field_map import FieldMap, Places, StreamMap, field_map, value_at
from harness.workspace.mapping_toml import MappingTable
from tests.peers.start import MAPPING

VALUES = {"prompt": "why?", "stream": True, "max_tokens": 9, "messages": [{"role": "user", "content": "why?"}]}


def test_a_placeholder_alone_keeps_its_type_and_one_in_text_becomes_text() -> None:
    made = FieldMap("/x", {"q": "{prompt}", "s": "{stream}", "n": ["{max_tokens}"], "t": "up to {max_tokens} tokens"})
    assert made.body(VALUES) == {"q": "why?", "s": True, "n": [9], "t": "up to 9 tokens"}


def test_what_an_arrival_has_not_is_left_out() -> None:
    assert FieldMap("/x", {"q": "{prompt}", "in": {"session": "{session}"}}).body(VALUES) == {"q": "why?", "in": {}}


def test_the_questions_own_braces_stay_as_they_are() -> None:
    assert FieldMap("/x", {"q": "{prompt}"}).body({"prompt": "{stream} {nope}"}) == {"q": "{stream} {nope}"}


@pytest.mark.parametrize(
    ("path", "found"),
    [("a.b", 1), ("list.1.x", 3), ("list.*.x", [2, 3]), ("a.none", None), ("list.9.x", None), ("a.b.c", None)],
)
def test_a_path_leads_to_a_value_or_to_none(path: str, found: object) -> None:
    assert value_at({"a": {"b": 1}, "list": [{"x": 2}, {"x": 3}]}, path) == found


def test_it_travels_as_plain_values() -> None:
    made = MappingTable.model_validate(tomllib.loads(MAPPING)["mapping"]).field_map()
    assert field_map(dataclasses.asdict(made)) == made
    assert made.stream == StreamMap(
        "delta", "piece", "end", places=Places(None, "spent.in", "spent.out", "sources.*.ref")
    )


@pytest.mark.parametrize(
    ("request_", "words"),
    [({"q": "{promt}"}, "{promt} stands for nothing: want one of {prompt}"), ({"q": "hello"}, "asks nothing")],
)
def test_a_request_that_asks_nothing_is_refused(request_: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MappingTable.model_validate({"path": "/x", "request": request_})
    assert words in str(refused.value)
