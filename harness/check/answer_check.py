"""Holds a target to what a run wants of it, whatever its dialect: the answers are read and judged by a run's own reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.check.asking import AskingTerms
from harness.check.mends import another_mode
from harness.check.symptoms import Broken, CannotTell, judge
from harness.domain.buffering import LEAST_S, held_back
from harness.domain.sample import Outcome, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.load.ask import Asked, Asker

STREAMS_ASKED = 3


class NotTold(Exception):
    """The endpoint answers well and has no way to say; ``samples`` where the report has it from them."""

    def __init__(self, words: str, *, samples: bool = False) -> None:
        super().__init__(words)
        self.samples = samples


class Answers:
    """The checks over one asker; each method is one check, its docstring its name."""

    def __init__(self, asker: Asker, terms: AskingTerms) -> None:
        self.asker = asker
        self.terms = terms
        self.whole: Asked | None = None  # the last answers that a run would count
        self.streamed: Asked | None = None
        self.only: str | None = None  # the one mode that it has, in words

    def whole_answer(self) -> str:
        """A whole answer is read as a run reads it"""
        self.whole = self._either(stream=False)
        return told(self.whole.sample)

    def stream(self) -> str:
        """A streamed answer is read as a run reads it"""
        self.streamed = self._either(stream=True)
        return told(self.streamed.sample)

    def unbuffered(self) -> str:
        """Tokens arrive as they are produced, not all at the end"""
        asked = self.streamed
        if asked is None and self.only is not None:
            raise NotTold(self.only)
        if asked is None:
            raise CannotTell("no stream came whole that would show it")
        # what buffers holds every stream back; a busy machine does so now and then
        for _ in range(STREAMS_ASKED - 1):
            try:
                return _flowing(asked)
            except Broken:
                asked = self.ask(stream=True)
        return _flowing(asked)

    def ask(self, *, stream: bool, **shape: int) -> Asked:
        """One answer that a run counts; raises Broken or CannotTell with what a run makes of any other."""
        asked = self.asker.ask(stream=stream, **{**self.terms.shape, **shape})
        judge(asked)
        return asked

    def _either(self, *, stream: bool) -> Asked:
        """As ``ask``; where no plan wants this mode, an endpoint that only has the other one is not at fault."""
        try:
            return self.ask(stream=stream)
        except Broken:
            if self.terms.planned or not another_mode(self.asker.asked[-1]):
                raise
            only, share = ("whole answers", 0) if stream else ("streams", 1)
            self.only = f"it only has {only}: pilot it with load.stream_share = {share}"
            raise NotTold(self.only) from None

    @property
    def checks(self) -> tuple[Callable[[], str], ...]:
        """Those that the plan asks for."""
        whole = (self.whole_answer,) if self.terms.whole else ()
        return whole + ((self.stream, self.unbuffered) if self.terms.streams else ())


def told(sample: Sample) -> str:
    """What a counted answer told, and what of its cost will not be known."""
    events = f"{sample.token_events} events with text, " if sample.token_events is not None else ""
    silent = [name for name in ("input_tokens", "output_tokens") if getattr(sample, name) is None]
    usage = f"{' and '.join(silent)} not told: the cost of tokens will not be known"
    note = f"; {sample.detail}" if sample.detail else ""
    return events + (usage if silent else f"usage told: {sample.output_tokens} output tokens") + note


def _flowing(asked: Asked) -> str:
    assert asked.sample.outcome == Outcome.OK
    if asked.said.header("content-length") is not None:
        raise Broken("the stream has a content-length: something on the way collects it whole before it passes it on")
    first, last = (asked.since_sent_s(at) for at in (asked.sample.first_token_s, asked.sample.last_token_s))
    return not_held_back(first, last, asked.took_s, asked.sample.token_events or 0)


def not_held_back(first_s: float | None, last_s: float | None, whole_s: float, token_events: int) -> str:
    """Words for a stream that streams; raises Broken for one that is buffered, NotTold for one too short."""
    if first_s is None or last_s is None:
        raise CannotTell("no token came")
    words = f"{token_events} tokens within {(last_s - first_s) * 1e3:.0f} ms of {whole_s * 1e3:.0f} ms"
    if whole_s < LEAST_S:
        return f"{words}: too fast for buffering to matter"
    match held_back(first_s, last_s, whole_s, token_events):
        case None:
            raise NotTold(f"{words}: too few to tell; the report says it from the samples", samples=True)
        case True:
            raise Broken(f"{words}: the stream is buffered on its way")
        case _:
            return words
