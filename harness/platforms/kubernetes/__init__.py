"""Kubernetes: a Deployment or a Knative Service, in a cluster of EKS, GKE or AKS."""

from __future__ import annotations

from pathlib import Path

from harness.domain.target import Runtime, Target
from harness.platforms.kubernetes.bill import BILLINGS
from harness.platforms.kubernetes.config import Kubernetes
from harness.platforms.kubernetes.scaling import scaling
from harness.platforms.platform import Platform


def _control(target: Target, root: Path, base_url: str) -> Runtime:
    from harness.platforms.kubernetes.control import KubernetesRuntime  # noqa: PLC0415 - only where it is controlled
    from harness.platforms.shared.origins import cluster  # noqa: PLC0415

    del root
    config = target.runtime
    assert isinstance(config, Kubernetes)
    return KubernetesRuntime(target, config, base_url, cluster(config.api, config.token_env, config.ca_file))


PLATFORM = Platform(
    kind=Kubernetes.kind,
    title="Kubernetes",
    verified="spec only",
    config=Kubernetes,
    control=_control,
    billings=BILLINGS,
    scaling=scaling,
)
