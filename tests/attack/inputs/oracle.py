"""What is harmless, field by field: everything that is not listed here is wrong, and has to be refused."""

from __future__ import annotations

from fnmatch import fnmatchcase

PROSE = (
    "pilot.toml:criteria.*.note",
    "pilot.toml:scaling.notes.*",
    "pilot.toml:pilot.question",
    "book.toml:prices.*.source",
)
TITLES = ("*target.toml:title", "*target.toml:verified")
WORDS = ("*target.toml:runtime.command.*", "*target.toml:runtime.needs.*.command.*", "pilot.toml:corpus.build.*")
ENVIRONMENT = ("*target.toml:runtime.environment.*",)  # for a process of one's own: any text
NAMES_ABROAD = (  # what only a cloud, a server or the file system can know
    *("*alpha*:runtime.*", "*alpha*:sources.*", "*alpha*:quotas.*", "*alpha*:model", "*alpha*:tls.ca_file"),
    *(
        "*alpha*:openai.path",
        "*alpha*:headers.X-Team",
        "*alpha*:auth.header",
        "*alpha*:prices.region",
        "*beta*:prices.region",
    ),
    *("*gamma*:mapping.*", "pilot.toml:limits.stop_file", "pilot.toml:corpus.folder", "*beta*:runtime.needs.*.name"),
    *(
        "*alpha*:lanes.*",
        "*alpha*:base_url",
        "*header_names*",
        "book.toml:region",
        "book.toml:name",
        "book.toml:prices.*.unit",
    ),
    *("book.toml:prices.*.lookup.*", "*beta*:runtime.needs.*.env", "*sweep.toml:settings.*.name"),
)
ANYTHING = (  # JSON that is sent as it stands, or compared with what a control plane says
    *("*alpha*:openai.extra.*", "*gamma*:mapping.request.*", "*sweep.toml:settings.*.expect.*"),
)
MISSPELT_IS_REFUSED = (  # though a pattern above would let it pass: these come from a list that is known
    *(
        "*:sources.*.kind",
        "*:sources.*.through",
        "*:sources.*.sets.*",
        "*:sources.*.plan",
        "*:quotas.*.needs",
        "*:runtime.kind",
    ),
    *("*:quotas.*.code", "*:mapping.request.*", "*:sources.*.env"),
)
QUESTION_TEXT = ("questions.jsonl:messages.*.content",)


EITHER = (  # a reader may take it or refuse it by name: what is wrong shows where it is used
    *("*alpha*:lanes.*", "*alpha*:base_url", "*alpha*:sources.*.url", "*gamma*:mapping.*_path", "*gamma*:mapping.path"),
    *("*alpha*:auth.env", "*alpha*:sources.*.env"),  # a variable that is not set is told before anything is sent
)
MONEY = ("book.toml:prices.*.usd", "book.toml:prices.*.free_per_month", "book.toml:prices.*.above")


def verdict(file: str, place: tuple[str | int, ...], rule: str) -> bool | None:
    """Whether a reader may accept it; None where it may do either."""
    at = f"{file}:{'.'.join(map(str, place))}"
    if rule == "misspelt reference":
        return None if _any(at, EITHER) else _misspelt_is_free(at)
    if rule == "number for text" and _any(at, MONEY):
        return None  # a price may be a number; whether the tiers ascend is another question
    if ASKED in at and rule not in ("CRLF", "misspelt key"):
        return False
    return any(rule in rules and _any(at, places) for rules, places in HARMLESS)


def _misspelt_is_free(at: str) -> bool:
    free = (*PROSE, *TITLES, *WORDS, *ENVIRONMENT, *NAMES_ABROAD, *ANYTHING, *QUESTION_TEXT)
    own = ("questions.jsonl:id", "questions.jsonl:session_id")
    return _any(at, (*free, *own)) and not _any(at, MISSPELT_IS_REFUSED)


TYPES = (
    *("table for a value", "number for text", "boolean for text", "boolean for a number", "text for a number"),
    *("list for a number", "negative", "huge", "number for a table", "list for a table"),
)
ASKED = "gamma/target.toml:mapping.request.q"  # without {prompt} nothing is asked
EMPTY = (*TITLES, *ENVIRONMENT, *ANYTHING, "*command.[1-9]*", "*build.[1-9]*", "pilot.toml:scaling.notes.*")
KEYS = (*ENVIRONMENT, *ANYTHING, "*alpha*:headers.*", "book.toml:prices.*.lookup.*")
HARMLESS = (
    (("empty text",), (*EMPTY, "*mapping.*.text")),  # an empty path is the whole answer
    (("CRLF",), (*PROSE, *WORDS, *ENVIRONMENT, *ANYTHING, *QUESTION_TEXT, "*promql")),
    (("control character", "NUL"), QUESTION_TEXT),  # JSON's own escapes: a team may ask so
    (("misspelt key",), KEYS),
    (("unknown key", *TYPES), ANYTHING),
)


def _any(at: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(at, pattern) for pattern in patterns)
