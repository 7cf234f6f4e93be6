"""Locust's own options: each is honoured, taken as one of ours, or refused with what to use instead; none is ignored in silence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.domain.lines import names_in
from harness.errors import Exit, Refused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from locust.argument_parser import LocustArgumentParser

UNSAID = -1  # an exit code that nobody chose
OTHER_MEANING = (Exit.REFUSED, Exit.INVALID, Exit.LIMIT, Exit.INTERRUPTED)

# By their name in the parsed options. What Locust does with them is what a person expects of them.
HONOURED = names_in(
    """
    host list_commands headless headful autostart autoquit skip_log_setup loglevel logfile
    web_host web_host_display_name web_port web_login web_base_path tls_cert tls_key build_path
    master master_bind_host master_bind_port expect_workers expect_workers_max_wait
    worker processes master_host master_port print_stats only_summary reset_stats
    csv_prefix stats_history_enabled html_file json json_file exit_code_on_error
    show_task_ratio show_task_ratio_json version help config locustfile user_classes
    """
)
ONLY_TELL = (
    "list_commands",
    "show_task_ratio",
    "show_task_ratio_json",
)  # Locust prints and ends: there is nothing to refuse
TAKEN = {"run_time": "--duration", "num_users": "--slots"}
NO_CHOICE = (
    "a locustfile here has one user and one task: -f chooses the profile, --mode, --passages and --turns what is asked"
)
REFUSED: Mapping[str, tuple[str, str]] = {
    "spawn_rate": (
        "--spawn-rate",
        "all slots start at once and the schedule paces them: --rate sets requests a second",
    ),
    "tags": ("--tags", NO_CHOICE),
    "exclude_tags": ("--exclude-tags", NO_CHOICE),
    "config_users": ("--config-users", NO_CHOICE),
    "class_picker": ("--class-picker", NO_CHOICE),
    "equal_weights": ("--equal-weights", NO_CHOICE),
    "profile": ("--profile", "-f loadprofiles/NAME.py chooses the profile"),
    "stop_timeout": (
        "--stop-timeout",
        "a run ends when its last answer is there, at most --deadline after it was sent",
    ),
    "enable_rebalancing": (
        "--enable-rebalancing",
        "arrivals are given to workers at the start: --expect-workers waits for them",
    ),
    "otel": ("--otel", "only Locust's own clients are instrumented: follow a request with pilot check TARGET --trace"),
}
FORMER = ("web_auth", "legacy_ui", "expect_slaves", "slave")  # Locust refuses them itself
NO_OPTIONS = ("LOCUST_USER_CLASSES", "LOCUST_SKIP_MONKEY_PATCH", "LOCUST_SKIP_URLLIB3_PATCH", "LOCUST_LOCUSTFILE")


def tell_apart(parser: LocustArgumentParser) -> None:
    """Defaults by which what nobody chose is known from what somebody did."""
    parser.set_defaults(exit_code_on_error=UNSAID)


def take(parsed: argparse.Namespace) -> int | None:
    """Fill ours from Locust's, and the exit code that was chosen for runs with failed requests; raises Refused with all problems."""
    problems = [f"{name}: {why}" for option, (name, why) in REFUSED.items() if getattr(parsed, option, None)]
    problems += _taken(parsed, "run_time", "duration", "-t", "--duration")
    problems += _taken(parsed, "num_users", "slots", "-u", "--slots")
    if getattr(parsed, "json", False) and getattr(parsed, "json_file", None):
        problems.append("--json with --json-file: Locust empties its statistics by printing them, give one of them")
    parsed.run_time = None  # Locust's own timer would cut the drain
    code = getattr(parsed, "exit_code_on_error", UNSAID)
    if code == UNSAID:
        parsed.exit_code_on_error = 1
        code = None
    elif code in OTHER_MEANING or not 0 <= code <= 255:
        taken = ", ".join(str(int(c)) for c in OTHER_MEANING)
        problems.append(
            f"--exit-code-on-error: want 0 to 255, and none of {taken}, which mean something else, not {code}"
        )
    if problems:
        raise Refused(
            "; ".join(problems), "a LOCUST_ variable or a config file counts too; docs/load.md lists Locust's options"
        )
    return code


def _taken(parsed: argparse.Namespace, theirs: str, ours: str, short: str, name: str) -> Iterable[str]:
    said, own = getattr(parsed, theirs, None), getattr(parsed, ours, None)
    if said and own and float(said) != float(own):
        return [f"{short} {said:g} and {name} {own:g}: both say the same thing, give one of them"]
    if said and not own:
        setattr(parsed, ours, type(said)(said) if ours == "slots" else float(said))
    return []


def unread_variables(parser: LocustArgumentParser, environment: Mapping[str, str] = os.environ) -> list[str]:
    """LOCUST_ variables that are no option's: a misspelt one, or one of an option that has none."""
    known = {str(action.env_var) for action in parser._actions if getattr(action, "env_var", None)}  # noqa: SLF001 - argparse has no list of them
    return sorted(
        name for name in environment if name.startswith("LOCUST_") and name not in known and name not in NO_OPTIONS
    )


def quiet_on_worker(parsed: argparse.Namespace) -> None:
    """Only the master writes files and prints statistics: a worker's would be a part, at the same place."""
    parsed.json = False
    parsed.csv_prefix = parsed.html_file = parsed.json_file = None
