"""Standard output and standard error as this program uses them: secrets hidden, nothing that steers a terminal.

Whoever prints, logs or dies with a traceback passes here, libraries too. Only the live
page of a long command, whose text is held to the same before it is drawn, writes past it.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, TextIO

from harness.domain.shown import harmless, writable
from harness.secrecy import KNOWN


def clean(text: str) -> str:
    """As it may be written to a terminal or a log; its lines stay."""
    return harmless(KNOWN.hide(text))


class Outlet:
    """A text stream before another one."""

    def __init__(self, stream: TextIO) -> None:
        self.beneath = stream

    def write(self, text: str) -> int:
        """Returns what was asked for, as print and its like expect; what the stream's encoding lacks stands as its escape."""
        said = clean(text) if isinstance(text, str) else text
        try:
            self.beneath.write(said)
        except UnicodeEncodeError:  # an old locale, or PYTHONIOENCODING
            self.beneath.write(writable(said, self.beneath.encoding))
        return len(text)

    def writelines(self, lines: Any) -> None:  # noqa: ANN401 - as io.TextIOBase has it
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the stream's own
        return getattr(self.beneath, name)


class _Record(logging.LogRecord):
    """What a library logs, by whatever handler: its message and its traceback, kept clean."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as logging makes it
        super().__init__(*args, **kwargs)
        if isinstance(self.exc_info, tuple) and self.exc_info[0] is not None:
            self.exc_text = clean("".join(traceback.format_exception(*self.exc_info)).rstrip("\n"))

    def getMessage(self) -> str:  # noqa: N802 - logging's own name
        return clean(super().getMessage())


def install() -> None:
    """Before anything is said; again, nothing changes."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Outlet):
            setattr(sys, name, Outlet(stream))
    logging.setLogRecordFactory(_Record)
    KNOWN.learn_surroundings(sys.argv[1:])


def beneath(stream: TextIO) -> TextIO:
    """The stream itself, for what draws."""
    return stream.beneath if isinstance(stream, Outlet) else stream
