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


def table(**said: object) -> MappingTable:
    return MappingTable.model_validate({"path": "/x", "request": {"q": "{prompt}"}, "answer": {"text": "a"}, **said})


def test_streams_may_have_a_path_and_a_body_of_their_own() -> None:
    made = table(
        stream={}, stream_path="/live", stream_request={"q": "{prompt}", "mode": ["live"], "n": "{max_tokens}"}
    ).field_map()
    assert (made.path_for(stream=True), made.body({**VALUES, "stream": True})) == (
        "/live",
        {"q": "why?", "mode": ["live"], "n": 9},
    )
    assert (made.path_for(stream=False), made.body({**VALUES, "stream": False})) == ("/x", {"q": "why?"})


def test_messages_may_have_a_shape_of_their_own_and_what_a_system_says_a_place_apart() -> None:
    made = table(
        request={"sys": [{"text": "{system}"}], "m": "{messages}"},
        message={"who": "{role}", "parts": [{"text": "{content}"}]},
    ).field_map()
    said = [{"role": "system", "content": "A."}, {"role": "user", "content": "{prompt}"}]
    assert made.body({"messages": said}) == {
        "sys": [{"text": "A."}],
        "m": [{"who": "user", "parts": [{"text": "{prompt}"}]}],
    }
    assert made.body({"messages": said[1:]})["sys"] == [], "nothing is left of an object without its text"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("list.-1.x", 3),
        ("list.-3.x", None),
        ("$", {"list": [{"x": 2}, {"x": 3}], "json": '{"y": [4]}'}),
        ("$.list.0.x", 2),
        ("json.y.0", 4),
        ("list.0.x.y", None),
    ],
)
def test_a_path_counts_from_the_end_names_the_whole_value_and_enters_json(path: str, found: object) -> None:
    assert value_at({"list": [{"x": 2}, {"x": 3}], "json": '{"y": [4]}'}, path) == found


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"answer": None}, "want [mapping.answer], [mapping.stream] or both"),
        ({"stream_path": "/live"}, "stream_path and stream_request require [mapping.stream]"),
        ({"path": "/x/{modell}"}, "{modell} stands for nothing in a path"),
        ({"message": {"role": "{role}"}}, "want {role} and {content}"),
        ({"stream": {"framing": "ndjson", "token_event": "t"}}, "event_at is the path to it"),
        ({"stream": {"framing": "text", "done_data": "x"}}, "has no events or fields"),
        ({"stream": {"reasoning_event": "t"}}, "reasoning_event requires reasoning"),
        ({"stream": {"framing": "sse2"}}, "Input should be 'sse', 'ndjson'"),
        ({"websocket": {}}, '[mapping.websocket] requires framing = "websocket"'),
        ({"stream": {"framing": "websocket"}}, "a WebSocket's answers are streams"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(said: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        table(**said)
    assert words in str(refused.value)


def test_a_mapping_of_streams_alone_is_asked_for_nothing_else() -> None:
    made = table(answer=None, stream={"text": "t"}).field_map()
    assert made.cannot_read(1.0) is None
    assert "[mapping.answer] is missing" in (made.cannot_read(0.8) or "")
    assert "[mapping.stream] is missing" in (table().field_map().cannot_read(0.2) or "")
    assert table().field_map().cannot_read(0.0) is None
