"""The sentence of every reason. Analysis and rule use kinds and figures; only code that prints for people needs this package."""

from harness.domain.reason import AsRecorded, Other
from harness.words import absence, between, choice, decided, doubt, fault, page, place, reading, untold, verdict
from harness.words.speech import BOOK, all_said, said, spoken

for _part in (absence, verdict, between, choice, decided, doubt, fault, page, place, reading, untold):
    BOOK.update(_part.WORDS)
BOOK[Other] = BOOK[AsRecorded] = "{text}"

__all__ = ["BOOK", "all_said", "said", "spoken"]
