"""The reference says what the code says: made anew it is the same, and a field that is new would be in it."""

from typing import Literal

from pydantic import Field

from harness.tables.table import Table
from tools import reference


class Inner(Table):
    """One of two kinds."""

    kind: Literal["small"]
    size: int = Field(1, ge=1, le=8)


class Outer(Table):
    """The whole file."""

    name: str
    share: float | None = Field(None, gt=0, lt=1)
    inner: tuple[Inner, ...] = ()


def test_the_page_on_disk_is_what_the_code_makes():
    assert reference.PAGE.read_text() == reference.page(), "python -m tools.reference"


def test_fields_have_their_type_rules_and_default():
    made = "\n".join(reference._tables(Outer))

    assert "| `name` | text | required |" in made
    assert "| `share` | number above 0 and below 1 | none |" in made
    assert '### [[inner]], kind = "small"' in made
    assert "| `size` | whole number from 1 to 8 | `1` |" in made
