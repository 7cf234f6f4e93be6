"""What is printed where the locale's encoding holds less than Unicode."""

import io
import json

import pytest

from harness.outlet import Outlet


@pytest.mark.parametrize(
    ("encoding", "said"), [("ascii", r"\u25cf \u00e9 \ud83d\ude00"), ("latin-1", r"\u25cf é \ud83d\ude00")]
)
def test_what_an_encoding_lacks_stands_as_its_escape(encoding, said):
    out = io.BytesIO()
    print("before", "● é 😀", "after", file=Outlet(io.TextIOWrapper(out, encoding, write_through=True)))

    assert out.getvalue().decode(encoding) == f"before {said} after\n"


def test_json_that_was_printed_so_reads_back_the_same():
    out, value = io.BytesIO(), {"frage": "Größe ● 😀\u2028"}
    print(json.dumps(value, ensure_ascii=False), file=Outlet(io.TextIOWrapper(out, "ascii", write_through=True)))

    assert json.loads(out.getvalue()) == value
