"""Kubernetes: a Deployment or a Knative Service, in a cluster of EKS, GKE or AKS."""

from __future__ import annotations

from harness.platforms.kubernetes.bill import BILLINGS
from harness.platforms.kubernetes.config import Kubernetes
from harness.platforms.kubernetes.generator import KIND
from harness.platforms.kubernetes.readings import SUBJECTS
from harness.platforms.kubernetes.scaling import scaling
from harness.platforms.platform import Deploying, Platform, controlled_by, examined_by

PLATFORM = Platform(
    kind=Kubernetes.kind,
    title="Kubernetes",
    verified="spec only",
    config=Kubernetes,
    control=controlled_by(f"{__name__}.control"),
    billings=BILLINGS,
    subjects=SUBJECTS,
    examine=examined_by(f"{__name__}.examine"),
    scaling=scaling,
    generators=(KIND,),
    deploying=Deploying(f"{__name__}.part", f"{__name__}.deploy"),
)
