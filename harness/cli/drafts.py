"""Where ``pilot check URL --draft`` puts what it drafted, and the command that comes next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shlex import join, quote

from harness.campaign.endpoint import Endpoint
from harness.domain.target import Dialect
from harness.errors import Refused
from harness.evidence.files import write_text

USUAL = "drafts"  # the folder that a next command names


def places(to: Path | None, urls: Sequence[str]) -> dict[str, Path]:
    """A file for each URL's draft: ``to`` itself for one, in that folder for more; raises Refused where one is there."""
    if to is None:
        return {}
    if to.is_dir() or len(urls) > 1:
        files = {
            url: to / f"{re.sub(r'[^0-9a-z]+', '_', url.partition('://')[2].lower()).strip('_')}.toml" for url in urls
        }
    else:
        files = dict.fromkeys(urls, to)
    there = [str(file) for file in files.values() if file.exists() or to.is_file()]
    if there:
        raise Refused(
            f"--draft: {', '.join(dict.fromkeys(there))} is there already",
            "name another place, and take over from it what you confirm",
        )
    return files


def tell(seen: Iterable[Endpoint], files: Mapping[str, Path], urls: Sequence[str], *, quiet: bool) -> dict[str, Path]:
    """Print each draft, write it where it has a place; returns those that were written, by the endpoint's URL."""
    written: dict[str, Path] = {}
    for url, one in zip(urls, seen, strict=False):
        if one.draft is None:
            continue
        if url in files:
            files[url].parent.mkdir(parents=True, exist_ok=True)
            write_text(files[url], one.draft)
            written[one.url] = files[url]
        if not quiet:
            print(f"\n{one.draft}" + (f"\nwritten to {files[url]}" if url in files else ""))
    return written


def following(seen: Sequence[Endpoint], written: Mapping[str, Path], typed: Sequence[str]) -> str | None:
    """The command that makes a workspace of two endpoints, or first writes down what was drafted; ``typed`` made this one.

    None where one of them gave no answer, or is none that could be piloted: first that has to be mended.
    """
    if len(seen) != 2 or not all(one.target for one in seen):
        return None
    if any(one.draft and one.url not in written for one in seen):
        return f"pilot check {join(typed)} --draft {USUAL}"
    words = ["pilot init ours --quick"]
    for role, one in zip(("baseline", "candidate"), seen, strict=True):
        words += _side(role, one, written.get(one.url))
    shares = {one.stream_share for one in seen} - {None}
    if len(shares) == 1:
        words.append(f"--stream-share {shares.pop()}")
    return " ".join(words)


def _side(role: str, one: Endpoint, draft: Path | None) -> list[str]:
    if draft is not None:
        return [f"--{role}-draft {quote(str(draft))}"]
    assert one.target is not None
    words = [f"--{role}-url {quote(one.url)}"]
    if (api := one.target.preset or one.target.dialect.value) != Dialect.RAG_CHAT:
        words.append(f"--{role}-dialect {api}")
    if one.target.model:
        words.append(f"--{role}-model {quote(one.target.model)}")
    return words
