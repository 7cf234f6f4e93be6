"""Whether a target can be asked for passages alone, where the plan does so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from harness.check.asking import TEXT, AskingTerms, asker_of
from harness.check.contract_check import Answer, Check
from harness.domain.field_map import value_at
from harness.domain.placeholders import filled

if TYPE_CHECKING:
    from harness.domain.target import Target

PASSAGES = 3


def retrieval_check(target: Target, url: str, terms: AskingTerms) -> Check:
    """One short question, as a run asks it; the passages' ids stand where the run reads them."""
    name = f"{target.name}: it answers with passages alone"
    how = target.retrieval
    if how is None:
        return Check(name, Answer.FAIL, "nothing says how it is asked", mend="add [retrieval] to its target.toml")
    body = orjson.dumps(filled(how.request, {"prompt": TEXT, "top_k": PASSAGES}))
    with asker_of(target, url, terms) as asker:
        said = asker.send("POST", how.path, body).said
    if said.status is None:
        return Check(name, Answer.UNKNOWN, f"POST {how.path} got no answer")
    found = value_at(said.fields, how.passages)
    if said.status == 200 and isinstance(found, list) and not any(isinstance(one, dict | list | None) for one in found):
        return Check(name, Answer.PASS, f"{len(found)} passages")
    wrong = f"POST {how.path} answered {said.status}" if said.status != 200 else f"no passages at {how.passages}"
    return Check(name, Answer.FAIL, wrong, mend="serve it, fix [retrieval] of target.toml, or leave these profiles out")
