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
    """One short question, asked as a run does; the passages' ids are where the run reads them."""
    name = f"{target.name}: it returns passages without an answer"
    how = target.retrieval
    if how is None:
        return Check(name, Answer.FAIL, "target.toml does not say how to ask for passages", mend="add [retrieval]")
    body = orjson.dumps(filled(how.request, {"prompt": TEXT, "top_k": PASSAGES}))
    with asker_of(target, url, terms) as asker:
        said = asker.send("POST", how.path, body).said
    if said.status is None:
        return Check(name, Answer.UNKNOWN, f"POST {how.path} got no answer")
    found = value_at(said.fields, how.passages)
    if said.status == 200 and isinstance(found, list) and not any(isinstance(one, dict | list | None) for one in found):
        return Check(name, Answer.PASS, f"{len(found)} passages")
    wrong = f"POST {how.path} answered {said.status}" if said.status != 200 else f"no passages at {how.passages}"
    return Check(
        name,
        Answer.FAIL,
        wrong,
        mend=f"serve {how.path}, fix [retrieval] in target.toml, or remove the retrieval profiles",
    )
