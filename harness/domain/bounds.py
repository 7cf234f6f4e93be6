"""Bounds of what comes from outside: files, options and form fields are held to these, once, where they enter.

They are far beyond any pilot and far below what would fill a memory, hang a loop or
overflow a number; what lies outside is a mistake or an attack, and is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_S = 86_400.0
MIB = 1 << 20

# What is read of a file, bytes.
TOML_BYTES = 1 * MIB
BOOK_BYTES = 4 * MIB
QUESTIONS_BYTES = 32 * MIB
TRACE_BYTES = 128 * MIB
REPORT_BYTES = 16 * MIB
EVIDENCE_BYTES = 32 * MIB  # a JSON file of a run, of readings, of a bill
JOURNAL_BYTES = 64 * MIB
SAMPLES_BYTES = 4096 * MIB
RAW_BYTES = 256 * MIB  # a platform's answers, unpacked

# How much may stand in it.
MOST_DEPTH = 20  # tables and lists inside one another
MOST_ITEMS = 1_000  # of one list or table
MOST_TEXT = 100_000  # characters of one text
MOST_NAME = 100
MOST_PATH = 1_024
MOST_QUESTIONS = 100_000
MOST_TRACE_ROWS = 2_000_000
MOST_ARRIVALS = 2_000_000  # of one run's schedule, which is drawn whole and kept in memory
MOST_EVIDENCE_DEPTH = 40
MOST_CELL_BYTES = 16_384  # of one sample, all its columns, on average
MOST_TRACE_S = 400 * DAY_S
LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Range:
    """Finite numbers from ``least`` (itself not among them where ``above``) to ``most``."""

    least: float
    most: float
    above: bool = False

    def __contains__(self, value: float) -> bool:
        """NaN and infinities lie in no range."""
        return (value > self.least if self.above else value >= self.least) and value <= self.most

    def __str__(self) -> str:
        return f"{'above' if self.above else 'from'} {self.least:.15g} to {self.most:.15g}"


SHARE = Range(0, 1)
RATE = Range(0, 100_000, above=True)  # requests a second
RUN_S = Range(0, 7 * DAY_S, above=True)  # the measured part of one run
WARMUP_S = Range(0, DAY_S)
ANSWER_S = Range(0, 3_600, above=True)  # promises, deadlines, timeouts: how long one answer may take
PAUSE_S = Range(0, DAY_S)  # between two turns, before an instance starts
IDLE_S = Range(0, 30 * DAY_S, above=True)  # how long an instance is kept
SPEED = Range(0, 100_000, above=True)  # of a trace, times its own pace
CV = Range(0, 100, above=True)
USD = Range(0, 1e9)
USD_ABOVE_0 = Range(0, 1e9, above=True)
REQUESTS_PER_MONTH = Range(1, 1e12)
SEED = Range(0, LARGEST_INTEGER)
SLOTS = Range(1, 100_000)
WEIGHT = Range(0, 1e6)
INSTANCES = Range(0, 100_000)
QUANTITY = Range(0, 1e9)  # of what a price book is asked for: memory, vCPUs, nodes
LIMIT = Range(0, 1e15, above=True)  # a quota's
TOKENS = Range(0, 10_000_000)  # that a trace says of one request
MAX_TOKENS = Range(1, 4_096)
TURNS = Range(1, 100)
ZIPF = Range(0, 5)
PROMPT_TOKENS = Range(1, 200_000)
PROMPT_SIGMA = Range(0, 3)
PASSAGES = Range(0, 50)
