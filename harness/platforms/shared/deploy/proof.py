"""Whether anything of a deployment is left: each look by itself, so that one that is refused hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.deploy.pace import Pace

Look = Callable[[], Iterator[str]]
MOST_NAMED, AGAIN = 3, 2


@dataclass
class Proof:
    """What was looked at, what is left, and what could not be seen."""

    looked: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


def proof_of(looks: Mapping[str, Look]) -> Proof:
    """By what is looked at, who looks and names what is left."""
    made = Proof()
    for name, look in looks.items():
        try:
            left = list(look())
        except PilotError as error:
            made.unseen.append(f"{name}: {error}")
            continue
        made.looked.append(name)
        made.left += [one for one in left if one not in made.left]
    return made


def proved(prove: Callable[[], Proof], pace: Pace, heard: Heard) -> Proof:
    """Once more after a moment where something is left: what was just removed is listed for a while."""
    proof = prove()
    for _ in range(AGAIN):
        if not proof.left:
            break
        heard.work(f"still listed, asked again in a moment: {', '.join(proof.left[:MOST_NAMED])}")
        pace.sleep(pace.settle_s)
        proof = prove()
    return proof
