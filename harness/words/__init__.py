"""Every sentence that a reason is said in. Analysis and rule know kinds and figures; only who speaks to people comes here."""

from harness.domain.reason import Other
from harness.words import absence, choice, decided, doubt, untold, verdict
from harness.words.speech import BOOK, all_said, said, spoken

for _part in (absence, verdict, choice, decided, doubt, untold):
    BOOK.update(_part.WORDS)
BOOK[Other] = "{text}"

__all__ = ["BOOK", "all_said", "said", "spoken"]
