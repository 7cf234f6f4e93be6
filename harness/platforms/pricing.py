"""[prices] of target.toml: the price book, the billing model, and the shape that is billed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from harness.tables.problems import nearest
from harness.tables.table import Table
from harness.tables.values import Line, Quantity

BOOKS = Path(__file__).parent / "shared" / "books"  # a book's name is its file's
EC2 = ("t3_medium", "t3_large", "m5_large", "m5_xlarge")
GKE = ("e2_standard_2", "e2_standard_4", "n2_standard_2", "n2_standard_4")
AKS = ("b2ms", "d2s_v5", "d4s_v5")
FRONT = ("lcus", "nat_gateways")
LAMBDA = ("memory_mb", "arm64", "provisioned", "provisioned_share", "ephemeral_gb")
CLUSTER = ("control_plane", "disk_gb", "load_balancer")
SHARED = ("ocus", "haiku_3_5", "haiku_3", "nova_micro", "nova_lite", "nova_pro", "nova_2_lite")  # of any model
PARAMETERS: Mapping[str, tuple[str, ...]] = {  # what each billing model reads; tests/costing holds the models to it
    "lambda-url": LAMBDA,
    "lambda-http-api": LAMBDA,
    "lambda-rest-api": LAMBDA,
    "lambda-managed": EC2,
    "fargate-alb": ("vcpu", "memory_gb", "tasks", "autoscale", "arm64", "ephemeral_gb", *FRONT),
    "ec2-alb": (*EC2, "ebs_gb", "load_balancer", *FRONT),
    "eks": (*EC2, "ebs_gb", *FRONT),
    "gke": (*GKE, *CLUSTER),
    "aks": (*AKS, *CLUSTER),
    "sagemaker-serverless": ("memory_mb",),
    "cloud-run": ("vcpu", "memory_gib"),
    "cloud-run-instances": ("vcpu", "memory_gib"),
    "container-apps": ("vcpu", "memory_gib", "private_endpoints"),
    "functions-flex": ("memory_mb", "always_ready"),
    "functions-consumption": ("memory_mb",),
}
NODES: Mapping[str, tuple[str, ...]] = {"lambda-managed": EC2, "ec2-alb": EC2, "eks": EC2, "gke": GKE, "aks": AKS}
SIZES = ("memory_mb", "memory_gb", "memory_gib", "vcpu", "tasks")  # of 0 of which nothing could run, or be billed


class PricesTable(Table):
    """Which price book entries apply, and the shape that is billed."""

    book: Line
    region: Line
    model: Literal[
        "lambda-url",
        "lambda-http-api",
        "lambda-rest-api",
        "lambda-managed",
        "fargate-alb",
        "ec2-alb",
        "eks",
        "gke",
        "aks",
        "sagemaker-serverless",
        "cloud-run",
        "cloud-run-instances",
        "container-apps",
        "functions-flex",
        "functions-consumption",
    ]
    parameters: dict[str, Quantity] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_billed(self) -> PricesTable:
        """A parameter that no bill reads, or a size of 0, would make a target cheaper in silence."""
        problems = []
        if not self.book.endswith(".toml") and self.book not in (books := sorted(p.stem for p in BOOKS.glob("*.toml"))):
            meant = nearest(self.book, books) or f"; known: {', '.join(books)}, or the path of a book of your own"
            problems.append(f"book: no price book {self.book!r}{meant}")
        known = (*PARAMETERS[self.model], *SHARED)
        for name, value in self.parameters.items():
            if name not in known:
                meant = nearest(name, known) or f"; these are: {', '.join(known)}"
                problems.append(f'parameters.{name}: model "{self.model}" has none of this name{meant}')
            elif name in SIZES and not value > 0:
                problems.append(f"parameters.{name}: want a number above 0, not {value:g}")
            elif name == "provisioned_share" and value > 1:
                problems.append(f"parameters.{name}: want a share from 0 to 1, not {value:g}")
        nodes = NODES.get(self.model)
        if nodes and not any(self.parameters.get(name) for name in nodes):
            problems.append(f'parameters: model "{self.model}" wants how many of which instances: {", ".join(nodes)}')
        if problems:
            raise ValueError("; ".join(problems))
        return self
