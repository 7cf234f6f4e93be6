"""Doubles of this machine that tests of deployments share: who is told, and a clock."""


class Heard:
    def __init__(self):
        self.said, self.worked = [], []

    def say(self, text):
        self.said.append(text)

    def work(self, text):
        self.worked.append(text)


class Hours:
    """A clock that only waiting moves."""

    now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
