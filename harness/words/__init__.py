"""Every sentence that a reason is said in. Analysis and rule know kinds and figures; only who speaks to people comes here."""

from harness.domain.reason import AsRecorded, Other
from harness.words import absence, choice, decided, doubt, fault, reading, verdict
from harness.words.speech import BOOK, all_said, said, spoken

for _part in (absence, verdict, choice, decided, doubt, fault, reading):
    BOOK.update(_part.WORDS)
BOOK[Other] = BOOK[AsRecorded] = "{text}"

__all__ = ["BOOK", "all_said", "said", "spoken"]
