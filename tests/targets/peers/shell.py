"""Runs the shell blocks of pages in one bash, with recorders in the place of the clouds' programs."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent.parent
RECORDED = ("aws", "az", "gcloud", "kubectl", "docker", "func")
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-1111-2222-333344445555"
DIGEST = "sha256:" + "7" * 64
PRINTED = (  # the first pattern of a call's words that fits, and what is printed
    ("*import-certificate*", ARN),
    ("*imageDetails*", DIGEST),
    ("*image_summary.digest*", DIGEST),
    ("*acr repository show*", DIGEST),
    ("*describe-repositories*", "123456789012.dkr.ecr.us-east-1.amazonaws.com/rag-chat"),
    ("*get-login-password*", "planted"),
    ("*LoadBalancer*", "app/rag-pr-1v2x3/50dc6c495c0c9188"),
    ("*config get-value project*", "pilot-123"),
    ("*config get-value account*", "someone@example.com"),
    ("*account show*", "00000000-0000-0000-0000-000000000000"),
    ("*", "https://rag.example.com"),
)
RECORDER = """#!/bin/sh
until mkdir "$RECORDS/busy" 2>/dev/null; do :; done  # both sides of a pipe are called at once
at=$(mktemp -d "$RECORDS/$(cat "$RECORDS/count").XXXX") && echo $(($(cat "$RECORDS/count") + 1)) >"$RECORDS/count"
rmdir "$RECORDS/busy"
printf '%s\\0' {name} "$@" >"$at/words"
case " $* " in *" - "* | *" -f - "* | *" --password-stdin "* | *"=- "*) cat >"$at/stdin" ;; esac
case "$*" in *"describe-images --repository-name rag-chat --image-ids imageTag="*) case "$*" in *--query*) ;; *) exit 254 ;; esac ;; esac
case "$*" in
{printed}
esac
"""
PYTHON = """#!/bin/sh
case "$*" in
"-m ragchat.index"*) mkdir -p index && : >index/index.sqlite ;;
*make_package.py*) mkdir -p "$2" ;;
*) exec {python} "$@" ;;
esac
"""


@dataclass(frozen=True)
class Call:
    """One call of a cloud's program; ``page`` is of the session's last, as blocks name none."""

    words: tuple[str, ...]
    stdin: str

    @property
    def options(self) -> dict[str, list[str]]:
        """Each option with the words that follow it up to the next; ``--a=b`` is one with its value."""
        found: dict[str, list[str]] = {}
        current = None
        for word in self.words[1:]:
            if word.startswith("--") or re.fullmatch(r"-[a-z]", word):
                name, mark, value = word.partition("=")
                current = found.setdefault(name, [])
                if mark:
                    current.append(value)
            elif current is not None:
                current.append(word)
        return found

    @property
    def plain(self) -> tuple[str, ...]:
        """The words before the first option."""
        out: list[str] = []
        for word in self.words[1:]:
            if word.startswith("-") and word != "-":
                break
            out.append(word)
        return tuple(out)


def blocks_of(text: str) -> list[str]:
    """The shell blocks of a page."""
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def run(folder: Path, pages: list[Path], given: dict[str, str]) -> list[Call]:
    """What the pages' blocks call, destroying last and in the opposite order; raises AssertionError where the shell stops."""
    workspace, programs, records = folder / "workspace", folder / "bin", folder / "records"
    for made in (workspace, programs, records):
        made.mkdir()
    shutil.copytree(ROOT / "targets", workspace / "targets", ignore=shutil.ignore_patterns("__pycache__"))
    printed = "\n".join(f"{pattern.replace(' ', chr(92) + ' ')}) echo '{said}' ;;" for pattern, said in PRINTED)
    for name in RECORDED:
        _program(programs / name, RECORDER.format(name=name, printed=printed))
    _program(programs / "python", PYTHON.format(python=sys.executable))
    (records / "count").write_text("100\n")
    made, destroyed = [], []
    for page in pages:
        text = page.read_text()
        for block in blocks_of(text):
            (destroyed if text.index(block) > (text + "\n## Destroy").index("\n## Destroy") else made).append(block)
    script = "set -euo pipefail\n" + "\n".join([*made, *reversed(destroyed)]) + "\nwait\n"
    kept = {k: v for k, v in os.environ.items() if k in ("HOME", "LANG", "TMPDIR")}
    environment = {**kept, "PATH": f"{programs}:{os.environ['PATH']}", "RECORDS": str(records), **given}
    done = subprocess.run(
        ["bash", "-c", script], cwd=workspace, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return [_read(at) for at in sorted(p for p in records.iterdir() if p.is_dir())]


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _read(at: Path) -> Call:
    words = (at / "words").read_bytes().decode().split("\0")[:-1]
    stdin = at / "stdin"
    return Call(tuple(words), stdin.read_text() if stdin.exists() else "")
