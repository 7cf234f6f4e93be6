"""Fills the ${NAME} of a manifest: ``python targets/aws_base/fill.py FILE [NAME=VALUE …]``, the result on standard output.

A name has its value from the command line, else from the environment, else from its default (``${NAME:-30}``). Every name
must have one, every NAME=VALUE must be wanted, and no value may break out of its quotes: else nothing is written, and all
that is wrong is said at once (exit 2). What is not written as ${NAME} is never touched.
"""

import os
import re
import sys
from pathlib import Path

WANTED = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")
BREAKS = re.compile(r'["\\\n\r]')


def filled(text: str, given: dict[str, str], environment: dict[str, str]) -> tuple[str, list[str]]:
    """The text with each name replaced, and what is wrong."""
    problems = []
    wanted = dict(WANTED.findall(text))
    known = {name: given.get(name) or environment.get(name) or default for name, default in wanted.items()}
    problems += [f"{name} has no value: export it, or say {name}=…" for name, value in known.items() if not value]
    problems += [f"{name} is not in this file" for name in given if name not in wanted]
    problems += [f"{name} has a quote, a backslash or a line break" for name, v in known.items() if BREAKS.search(v)]
    return WANTED.sub(lambda found: known[found.group(1)], text), problems


def main(words: list[str]) -> int:
    """Exit code 2, and nothing written, for what is wrong."""
    if not words or any("=" not in word for word in words[1:]):
        print(__doc__, file=sys.stderr)
        return 2
    given = dict(word.split("=", 1) for word in words[1:])
    try:
        text = Path(words[0]).read_text(encoding="utf-8")
    except OSError as error:
        print(f"{words[0]}: {error.strerror}", file=sys.stderr)
        return 2
    text, problems = filled(text, given, dict(os.environ))
    for problem in problems:
        print(f"{words[0]}: {problem}", file=sys.stderr)
    if not problems:
        sys.stdout.write(text)
    return 2 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
