"""Calls of an account in memory: each is counted, and the process may end at one of them."""


class Cut(BaseException):
    """The process is gone: nothing of it catches this."""


class Calls:
    """``cut_at``: the call at which the process ends, before it is carried out, or ``after`` it was."""

    def __init__(self, cut_at=None, *, after=False):
        self.cut_at, self.after, self.calls = cut_at, after, 0

    def step(self, doing):
        """One call."""
        self.calls += 1
        if self.calls == self.cut_at and not self.after:
            raise Cut
        answer = doing()
        if self.calls == self.cut_at:
            raise Cut
        return answer
