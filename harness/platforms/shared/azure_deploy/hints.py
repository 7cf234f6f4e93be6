"""What fixes a refusal of Azure, by its words."""

from __future__ import annotations

import re

HINTS: tuple[tuple[str, str], ...] = (  # by what is in the cause
    (r"MissingSubscriptionRegistration|not registered", "the provider was just registered: the same command again"),
    (
        r"RoleAssignmentUpdateNotPermitted",
        "an identity was made again and its role assignment is the old one's: remove that, then the same command again",
    ),
    (
        r"roleAssignments/write|Authorization(Failed|Denied)|does not have authorization",
        "the templates assign roles: Owner of the resource group, or Contributor with Role Based Access Control Administrator",
    ),
    (
        r"LocationNotAvailable|SkuNotAvailable|not available (in|for)|LocationIneligible",
        "another location: --set location=NAME, and region under [prices] in target.toml",
    ),
    (r"quota|limit|exceed|cores", "raise the quota that is named (pilot doctor has what is used), or another location"),
    (
        r"AlreadyTaken|AlreadyInUse|AlreadyExists|already (taken|in use)|not available",
        "the name is unique in the world: another one as RAG_AZFN_NAME, or --set registry=NAME",
    ),
    (r"RequestDisallowedByPolicy|policy", "a policy of the organization refuses it: ask who keeps the policies"),
    (
        r"InvalidResourceTotal|cpu and memory",
        "the consumption profile takes 0.25 to 4 vCPU with 2 GiB for each: vcpu and memory_gib under [prices] in target.toml",
    ),
    (
        r"UNAUTHORIZED|MANIFEST_UNKNOWN|unable to pull|pull image|ImagePull",
        "the image must be in this registry by its digest, and the identity may pull it a minute after its role was assigned",
    ),
    (r"revision|probe|unhealthy|Container.*exit", "the app starts and does not stay healthy: its logs say why"),
    (r"DeploymentActive|AnotherOperationInProgress|conflict", "something else changes it: the same command again"),
)


def hint_of(words: str) -> str:
    """What fixes a failure, by its words."""
    found = next((hint for pattern, hint in HINTS if re.search(pattern, words, re.IGNORECASE)), None)
    return found or "fix what the cause names, then the same command again"
