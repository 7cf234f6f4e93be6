"""Options that say what is asked and how a client behaves: the mix, retries, connections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.domain.bounds import PASSAGES, PROMPT_SIGMA, PROMPT_TOKENS, WEIGHT
from harness.domain.mix import Mix, TokenLength
from harness.domain.retry import AS_A_CLIENT, NO_RETRY, RetryPolicy
from harness.load.origin import Connections

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser

    from harness.load.given import Given
    from harness.workspace import Workspace

MODES = {"json": 0.0, "stream": 1.0}
RETRIES = ("none", "client")


@dataclass(frozen=True)
class Work:
    """What pilot.toml and the options say together."""

    mix: Mix
    retry: RetryPolicy
    connections: str


def add_work_options(parser: LocustArgumentParser) -> None:
    """The options of this page."""
    add = parser.add_argument
    add("--mode", choices=["json", "stream", "mixed"], help="answer mode to request (default mixed)")
    add("--stream-share", type=float, metavar="SHARE", help="share of streamed answers with --mode mixed")
    add("--passages", metavar="K:SHARE,…", help="passages to retrieve and how often, such as 0:0.21,6:0.77,12:0.02")
    add(
        "--zipf", type=float, metavar="EXPONENT", help="popularity of the questions, in the file's order (default 0.95)"
    )
    add("--repeats", type=float, metavar="SHARE", help="share that repeats an earlier request; all others are unique")
    add("--turns", type=float, metavar="MEAN", help="mean turns per session; above 1, requests carry history")
    add("--prompt-tokens", metavar="MEDIAN[:SIGMA]", help="length of the whole prompt, log-normal with SIGMA")
    add("--max-tokens", type=int, metavar="N", help="maximum answer length to request (default: the question's)")
    add("--noisy", metavar="TENANT", help="the tenant of pilot.toml that makes every burst")
    add("--retry", choices=RETRIES, help="after a refusal: nothing, or retry as client libraries do")
    add(
        "--connections",
        choices=[c.value for c in Connections],
        help="how connections are reused (default shared)",
    )


def work_of(given: Given, workspace: Workspace | None) -> Work:
    """Options win over pilot.toml; problems are noted with the options."""
    return Work(_mix(given, workspace), _retry(given, workspace), _connections(given, workspace))


def _mix(given: Given, workspace: Workspace | None) -> Mix:
    mix = workspace.mix() if workspace else Mix()
    mode = given.text("mode") or "mixed"
    share = MODES[mode] if mode in MODES else given.number("stream_share")
    passages, prompt = given.text("passages"), given.text("prompt_tokens")
    said: dict[str, Any] = {
        "stream_share": share,
        "zipf": given.number("zipf"),
        "repeats": given.number("repeats"),
        "turns": given.number("turns"),
        "max_tokens": given.whole("max_tokens"),
        "passages": _passages(passages, given) if passages is not None else None,
        "prompt": _length(prompt, given) if prompt is not None else None,
    }
    if (noisy := given.text("noisy")) is not None:
        if noisy not in dict(mix.tenants):
            known = ", ".join(name for name, _ in mix.tenants) or "none: [tenants] names them"
            given.problem(f"--noisy: no tenant is called {noisy[:40]!r}; known: {known}")
        said["noisy"] = noisy
    return replace(mix, **{name: value for name, value in said.items() if value is not None})


def _passages(text: str, given: Given) -> tuple[tuple[int, float], ...]:
    out = []
    for part in text.split(","):
        count, _, share = part.partition(":")
        try:
            pair = int(count), float(share or 1)
        except ValueError:
            pair = -1, -1.0
        if pair[0] not in PASSAGES or pair[1] not in WEIGHT:
            given.problem(f"--passages: want K:SHARE with K {PASSAGES}, not {part[:40]!r}")
        out.append(pair)
    if len({count for count, _ in out}) < len(out):
        given.problem("--passages: a number of passages stands twice")
    if not sum(share for _, share in out) > 0:
        given.problem("--passages: the shares add up to nothing")
    return tuple(out)


def _length(text: str, given: Given) -> TokenLength | None:
    median, _, sigma = text.partition(":")
    try:
        made = TokenLength(float(median), float(sigma or 0))
    except ValueError:
        made = TokenLength(0)
    if made.median not in PROMPT_TOKENS or made.sigma not in PROMPT_SIGMA:
        given.problem(f"--prompt-tokens: want MEDIAN[:SIGMA] as 3000 or 3000:0.34, not {text!r}")
        return None
    return made


def _retry(given: Given, workspace: Workspace | None) -> RetryPolicy:
    configured = workspace.retry() if workspace else NO_RETRY
    match given.text("retry"):
        case "client":
            return configured if configured.attempts > 1 else AS_A_CLIENT
        case "none":
            return NO_RETRY
        case _:
            return configured


def _connections(given: Given, workspace: Workspace | None) -> str:
    text = given.text("connections")
    return text or (workspace.config.load.connections if workspace else Connections.SHARED.value)
