"""Text of others as it may be shown or kept: nothing in it steers a terminal, an editor or a reader's eye.

What cannot be printed stands as its escape, which JSON reads back as the same character.
``str.isprintable`` is the rule: control characters (C0 and C1), escape sequences, bidirectional
overrides and isolates, zero-width characters, tags, surrogates and every blank but the usual one.
"""

from __future__ import annotations

import re

MOST_SHOWN = 300  # characters of a value of somebody else's
_UNSEEN = re.compile("[\U000e0000-\U000e0fff]")
_KEPT = "\u00a0\u202f"  # blanks that only keep words together, as between a number and its unit


def is_shown(text: str) -> bool:
    """Whether every character can be seen; of those that count as printable, tags and selectors of variants cannot."""
    return text.isprintable() and (text.isascii() or not _UNSEEN.search(text))


def visible(text: str, most: int | None = None) -> str:
    """On one line, at most so many characters of it, and of what it becomes."""
    longer = most is not None and len(text) > most
    text = text[:most] if longer else text
    if not is_shown(text):
        text = "".join(map(_shown, text))
        longer, text = longer or (most is not None and len(text) > most), text[:most]
    return f"{text}…" if longer else text


def harmless(text: str) -> str:
    """The same where lines and tabs are this program's own."""
    return "\n".join(line if is_shown(line) else "".join(map(_in_line, line)) for line in text.split("\n"))


def _in_line(character: str) -> str:
    return character if character == "\t" else _shown(character)


def _shown(character: str) -> str:
    return character if is_shown(character) or character in _KEPT else _escaped(character)


def writable(text: str, encoding: str) -> str:
    """As an output of this encoding can hold it."""
    return "".join(one if _has(encoding, one) else _escaped(one) for one in text)


def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _escaped(character: str) -> str:
    number = ord(character)
    if number > 0xFFFF:  # as JSON writes it: two halves
        high, low = divmod(number - 0x10000, 0x400)
        return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
    return f"\\u{number:04x}"
