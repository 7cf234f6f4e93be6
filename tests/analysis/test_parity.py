"""Whether both did the same work: of what both report, and of nothing else."""

import numpy as np
import pytest

from harness.analysis.dataset import Dataset
from harness.analysis.parity import parity
from harness.report.short import same_work
from tests.analysis.fakes import run_of

TEXTS = np.array(["d1", "d2", "d3", "d4"], dtype=object)
CITED = np.array(["p1 p2", "p1", "", "p3"], dtype=object)
NONE = np.array([None] * 4, dtype=object)
TOKENS, UNTOLD = np.full(4, 12.0), np.full(4, np.nan)


def found(first, second):
    """Of one pair of runs, each with its citations and token counts."""
    runs = [
        run_of(np.full(4, 0.2), target=name, answer_digest=TEXTS, citations=cited, output_tokens=tokens)
        for name, (cited, tokens) in (("alpha", first), ("beta", second))
    ]
    return parity(Dataset("alpha", "beta", ("steady",), tuple(runs), 1, (1,), ()))


def test_what_both_report_is_compared():
    said = found((CITED, TOKENS), (CITED, np.array([12.0, 12.0, 12.0, 9.0])))

    assert (said.of_citations, said.of_tokens, said.overlap) == (4, 4, 1.0)
    assert same_work(said) == (
        "Of 4 pairs that both answered, all have the same answer text and citations, 3 (75 %) the same output tokens."
    )


@pytest.mark.parametrize("other", [(NONE, UNTOLD), (CITED, TOKENS)])
def test_what_an_api_has_no_field_for_is_neither_the_same_nor_different(other):
    """Two APIs without citations do not cite the same, and one that counts no tokens counts no others."""
    said = found((NONE, UNTOLD), other)

    assert (said.of_citations, said.same_citations, said.of_tokens, said.overlap, said.void) == (0, 0, 0, None, None)
    assert same_work(said) == (
        "Of 4 pairs that both answered, all have the same answer text; citations and output tokens are not reported by both."
    )


def test_an_answer_without_citations_from_a_target_that_cites_shares_none():
    some = np.array(["p1 p2", None, "", "p3"], dtype=object)
    said = found((some, TOKENS), (CITED, TOKENS))

    assert (said.of_citations, said.same_citations) == (4, 3)
    assert said.overlap == pytest.approx(0.75)
