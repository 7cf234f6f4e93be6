"""What is printed where the locale's encoding holds less than Unicode."""

import io
import json

import pytest

from harness.outlet import Outlet


def printed(encoding, *words):
    out = io.BytesIO()
    stream = io.TextIOWrapper(out, encoding, write_through=True)
    print(*words, file=Outlet(stream))
    return out.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "said"), [("ascii", r"\u25cf \u00e9 \ud83d\ude00"), ("latin-1", r"\u25cf é \ud83d\ude00")]
)
def test_what_an_encoding_lacks_stands_as_its_escape(encoding, said):
    assert printed(encoding, "before", "● é 😀", "after") == f"before {said} after\n"


def test_json_that_was_printed_so_reads_back_the_same():
    value = {"frage": "Größe ● 😀\u2028"}

    assert json.loads(printed("ascii", json.dumps(value, ensure_ascii=False))) == value
