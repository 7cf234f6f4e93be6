"""Inputs that somebody spoilt: each is refused by name with exit 2, or harmless by the oracle; never a traceback, never a wait."""

from __future__ import annotations

import os
import time
import traceback
from argparse import Namespace
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from harness.errors import Exit, Refused
from harness.load.given import Given
from harness.scaffold import Answers, Side
from tests.attack.inputs import commands, sample
from tests.attack.inputs.mutations import Mutation
from tests.attack.inputs.mutations import all_of as all_mutations
from tests.attack.inputs.mutations import sample as some_mutations
from tests.attack.inputs.readers import read_all

SEED = 18
MOST_S = 10.0  # a reader takes milliseconds; this only tells a wait from none, on any machine


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    for name, value in sample.VARIABLES.items():
        monkeypatch.setenv(name, value)


def finding(mutation: Mutation, root: Path) -> str | None:
    """What is wrong with how it was taken, None where nothing is; the workspace is sound again afterwards."""
    mutation.apply(root)
    began = time.monotonic()
    try:
        read_all(root)
        said = None
    except Refused as refused:
        said = f"{refused}\n{refused.hint or ''}"
        if refused.exit_code != Exit.REFUSED:
            return f"exit code {refused.exit_code}"
    except Exception:  # noqa: BLE001 - what a reader must never raise
        return f"traceback: {traceback.format_exc()[-500:]}"
    finally:
        _sound_again(mutation, root)
    if time.monotonic() - began > MOST_S:
        return f"took {time.monotonic() - began:.1f} s"
    if said is None:
        return "accepted" if mutation.harmless is False else None
    if mutation.harmless:
        return f"harmless, and refused: {said[:300]}"
    return _badly_said(mutation, said)


def _badly_said(mutation: Mutation, said: str) -> str | None:
    """Refused, but in words that name neither the file nor the field, or that could steer a terminal."""
    if any(not c.isprintable() and c != "\n" for c in said):
        return f"not printable: {said[:200]!r}"
    if len(said) > 20_000:
        return f"{len(said)} characters"
    *_, folder, file = ("", *mutation.file.split("/"))
    if file not in said and (not folder or folder not in said):
        return f"does not name the file: {said[:300]}"
    names = [str(part) for part in mutation.place if isinstance(part, str)]
    if names and not any(name in said for name in names):
        return f"does not name the field: {said[:300]}"
    return None


def _sound_again(mutation: Mutation, root: Path) -> None:
    path = root / mutation.file
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        path.rmdir()
    sample.write(root)


def test_the_sample_is_sound(tmp_path):
    sample.write(tmp_path)

    read_all(tmp_path)


def test_a_sample_of_spoilt_inputs_is_refused_by_name_or_harmless(tmp_path):
    sample.write(tmp_path)
    mutations = some_mutations(300, SEED)

    assert len({m.rule for m in mutations}) > 60
    assert [f"{m.name}: {found}" for m in mutations if (found := finding(m, tmp_path))] == []


@pytest.mark.attack
@pytest.mark.timeout(1800)
def test_every_rule_at_every_place_is_refused_by_name_or_harmless(tmp_path):
    sample.write(tmp_path)
    mutations = all_mutations(SEED)
    began = time.monotonic()
    found = {m.name: said for m in mutations if (said := finding(m, tmp_path))}
    kinds = Counter(said.split(":")[0] for said in found.values())
    refused = sum(m.harmless is False for m in mutations)
    print(
        f"\n{len(mutations)} mutated inputs of {len({m.file for m in mutations})} files by {len({m.rule for m in mutations})} rules "
        f"in {time.monotonic() - began:.0f} s: {refused} to be refused, {len(mutations) - refused} harmless; findings {dict(kinds)}"
    )

    assert len(mutations) >= 1000
    assert found == {}


@pytest.mark.parametrize("name", commands.OPTIONS)
def test_no_option_takes_a_number_that_is_none_or_beyond_its_bounds(name):
    field = name.replace("-", "_")
    for value in ("nan", "inf", "-1", "1e308", "1e400", "9" * 400, "x", "½", "1\x00"):
        given = Given(Namespace(**{field: value}))
        read = given.whole if field in ("seed", "slots") else given.number

        assert read(field) is None
        with pytest.raises(Refused, match=f"--{name}: want "):
            given.raise_problems()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 1e308])
@pytest.mark.parametrize(
    "field",
    ["p95_s", "ttft_p95_s", "error_rate", "monthly_runtime_usd", "requests_per_month", "peak_per_s", "budget_usd"],
)
def test_init_writes_no_number_that_its_own_reader_refuses(field, value):
    with pytest.raises(Refused, match="want a number"):
        replace(Answers(Side("local_container"), Side("local_function")), **{field: value}).checked()


@pytest.mark.parametrize("name", ["../../elsewhere", "/tmp/x", "a\x1b[2J", "", ".hidden", "a b", "x" * 200])
def test_init_writes_nowhere_but_into_its_folder(name):
    with pytest.raises(Refused, match="--baseline-name"):
        Answers(Side("local_container", name=name), Side("local_function")).checked()


@pytest.mark.attack
@pytest.mark.timeout(900)
def test_options_of_a_profile_are_refused_before_anything_is_drawn(tmp_path):
    sample.write(tmp_path)
    jobs = [[file, "--target", "gamma", *options] for file, *options in commands.profile_options()]
    sound, *said = commands.describe(tmp_path, [["loadprofiles/steady.py", "--target", "gamma"], *jobs], 800)
    wrong = [
        (options[3:], one["code"], str(one["err"])[-300:])
        for options, one in zip(jobs, said, strict=True)
        if one["code"] != Exit.REFUSED or "Traceback" in str(one["err"])
    ]
    print(f"\n{len(jobs)} spoilt options of a profile: {len(jobs) - len(wrong)} refused with exit 2, {len(wrong)} not")

    assert sound["code"] == 0
    assert [options for options, *_ in wrong] == [["--seed=1_000_000_000"]]  # as Python writes a thousand million


COMMANDS = (
    *(("plan",), ("plan", "--seal"), ("check",), ("run", "--now"), ("collect",), ("status",), ("decide",), ("report",)),
    *(("sweep",), ("prices", "refresh", "book.toml"), ("dashboards",), ("cold", "beta"), ("up", "beta")),
)
OF_COMMANDS = (
    *(("sweep", "--duration", "nan"), ("sweep", "--duration", "1e308"), ("sweep", "--rounds", "-1")),
    *(
        ("check", "--trace", "alpha", "--wait", "nan"),
        ("check", "http://127.0.0.1:1/\x1b[2J"),
        ("check", "http://[::1"),
    ),
    *(("report", "--compare", "/dev/zero"), ("report", "--compare", "pipe"), ("report", "--compare", "odd.json")),
    *(
        ("report", "--compare", "deep.json"),
        ("init", "new", "--p95", "nan"),
        ("init", "new", "--baseline-name", "../x"),
    ),
    *(("init", "new", "--question", "\x1b[2J"), ("prices", "refresh", "/dev/zero"), ("prices", "refresh", "pipe.toml")),
    *(("up", "\x1b[2J"), ("cold", "../x"), ("down", "../x"), ("time", "../x", "deploy", "--", "true")),
)
SPECIAL = (
    "a named pipe",
    "endless zeros",
    "gigabytes",
    "a folder",
    "lists 5,000 deep",
    "huge",
    "nan",
    "negative",
    "NUL",
)


@pytest.mark.attack
@pytest.mark.timeout(1800)
def test_every_command_ends_soon_with_words_and_little_memory(tmp_path):
    sample.write(tmp_path)
    sample.complete(tmp_path)
    sound = commands.pilot(tmp_path, "plan")
    assert sound.code == 0, sound.said
    rng, findings, peak, count = Random(SEED), [], 0.0, 0
    for words in COMMANDS:
        mutations = [
            m for m in all_mutations(SEED) if m.rule in SPECIAL and m.file == "pilot.toml" and m.harmless is False
        ]
        for mutation in rng.sample(mutations, 5):
            mutation.apply(tmp_path)
            ended = commands.pilot(tmp_path, *words)
            _sound_again(mutation, tmp_path)
            sample.complete(tmp_path)
            peak, count = max(peak, ended.peak_mib), count + 1
            if ended.code != Exit.REFUSED or ended.traceback or "pilot.toml" not in ended.said:
                findings.append((words, mutation.name, ended.code, ended.said[-300:]))
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "odd.json").write_text('{"recommendation": 1, "confidence": [], "slos": {}, "cost": [], "blocks": []}')
    (tmp_path / "deep.json").write_text("[" * 200_000)
    for words in OF_COMMANDS:
        ended = commands.pilot(tmp_path, *words)
        peak, count = max(peak, ended.peak_mib), count + 1
        if ended.code != Exit.REFUSED or ended.traceback:
            findings.append((words, "", ended.code, ended.said[-300:]))
    print(
        f"\n{count} spoilt commands: {len(findings)} findings; at most {peak:.0f} MiB, a sound plan {sound.peak_mib:.0f} MiB"
    )

    assert findings == []
    assert peak <= sound.peak_mib + 400
