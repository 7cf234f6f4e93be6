"""What a target said, as it enters the evidence: without known secrets, on one line, without what steers a terminal.

Every sample passes here once, before its line is written. A good one costs a join of its few texts, a look whether they
are printable and one substring search for each form of a known secret, all in C (``bench/scrub.py``); only one that
holds something is rewritten.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from harness.domain.identities import without_identity
from harness.domain.lines import names_in
from harness.domain.shown import is_shown, visible
from harness.secrecy import KNOWN

if TYPE_CHECKING:
    from harness.domain.sample import Sample

SAID = names_in(
    "request_id platform_request_id instance_id init_type citations error_code detail refused_by model route route_from"
)
_texts = attrgetter(*SAID)
IN_WORDS = ("error_code", "detail")  # where a platform may name who asked


def quoted(sample: Sample) -> None:
    """Clean the texts of one sample in place."""
    if sample.detail is not None or sample.error_code is not None:
        for name in IN_WORDS:
            if (text := getattr(sample, name)) is not None:
                setattr(sample, name, without_identity(KNOWN.hide(text)))
    together = " ".join(filter(None, _texts(sample)))
    if is_shown(together) and not KNOWN.holds(together):
        return
    for name in SAID:
        if (text := getattr(sample, name)) is not None:
            setattr(sample, name, visible(KNOWN.hide(text)))
