"""Bounds of what comes from outside: files, options and form fields are held to these, once, where they enter.

They are far beyond any pilot and far below what would fill a memory, hang a loop or
overflow a number; what lies outside is a mistake or an attack, and is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_S = 86_400.0
KIB = 1 << 10
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
BUNDLE_BYTES = 65_536 * MIB  # all files of a bundle, unpacked
COPIED_BYTES = 1024 * MIB  # one file of an image, or of a package
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

# What is read of what a target sends; beyond, its answer is against the contract. The most that may be in flight (900 in a
# process) is what the sizes are made for: 900 heads, 900 times what each answer may hold anyway, and what they hold together.
HEAD_BYTES = (
    64 * KIB
)  # of an answer's head with every 1xx before it, of its trailers, and of anything else that is no body
MOST_HEADERS = 256  # of one head
WHOLE_BYTES = (
    1 * MIB
)  # of a whole answer: JSON takes up to thirty times as much once it is read, and a tenth of a second
STREAM_BYTES = 8 * MIB  # of a stream in all
EVENT_BYTES = 1 * MIB  # of one event, message or line
MOST_EVENTS = (
    20_000  # of one stream, with text or without, five for each token that may be asked for; frames of a WebSocket
)
MOST_NESTED = 1_000  # of a streamed array: no reader of JSON takes more
FOLD_BYTES = 64 * KIB  # of a stream: after so much its text is folded into the digest and forgotten
OWN_BYTES = 32 * KIB  # that every answer may hold
HELD_BYTES = 64 * MIB  # that all answers under way in a process may hold beyond that
DOCUMENT_BYTES = 4 * MIB  # of what a check asks beside answers: an API's own description
DOCUMENT_DEPTH = 100  # of the same: what reads it does so by recursion
META_BYTES = 64 * KIB  # of /v1/meta, which is kept
MOST_CITATIONS = 1_000  # of one answer
CITED_TEXT = 16 * KIB  # characters of their ids in all
MOST_HEADER_TEXT = 200  # characters kept of a header that names something
MOST_MODEL = 200  # characters kept of a model's name
MOST_CODE = 80  # characters kept of an error's code
MOST_DETAIL = 200  # characters of what was wrong


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
JOB_S = Range(0, 30 * DAY_S, above=True)  # a job, from its submission until it is done
POLL_S = Range(0.05, 60)  # between two questions about one job
POLL_RATE = Range(0.1, 10_000)  # questions a second about all jobs
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
SIZE_KB = Range(0, 1e9, above=True)  # what one request or job carries
MEMORY_MB = Range(0, 1e8, above=True)  # what one request or job needs
LIMIT = Range(0, 1e15, above=True)  # a quota's
TOKENS = Range(0, 10_000_000)  # that a trace or an answer says of one request
TIMING_MS = Range(0, 1e3 * DAY_S)  # that an answer says of itself
INSTANCE_REQUESTS = Range(0, 1e12)
INSTANCE_AGE_MS = Range(0, 1e12)
MEMORY_MB = Range(0, 1e8)  # that an instance says it has held
RETRY_AFTER_S = Range(0, 30 * DAY_S)  # what asks for more says nothing
MAX_TOKENS = Range(1, 4_096)
TURNS = Range(1, 100)
ZIPF = Range(0, 5)
PROMPT_TOKENS = Range(1, 200_000)
PROMPT_SIGMA = Range(0, 3)
PASSAGES = Range(0, 50)
