"""How a bill of AWS names what our books price: usage types, matched by their last part, for their first is the region.

Unconfirmed: nobody has held them to an account's bill yet.
"""

from __future__ import annotations

import re

USAGE_TYPES: tuple[tuple[str, str], ...] = (
    (r"Lambda-GB-Second$", "lambda_gb_second"),
    (r"Lambda-GB-Second-ARM$", "lambda_arm_gb_second"),
    (r"(^|-)Request(s)?$", "lambda_request"),
    (r"Lambda-Provisioned-Concurrency$", "lambda_provisioned_gb_second"),
    (r"Lambda-Provisioned-GB-Second$", "lambda_provisioned_duration_gb_second"),
    (r"Fargate-vCPU-Hours:perCPU$", "fargate_vcpu_hour"),
    (r"Fargate-GB-Hours$", "fargate_gb_hour"),
    (r"Fargate-ARM-vCPU-Hours:perCPU$", "fargate_arm_vcpu_hour"),
    (r"Fargate-ARM-GB-Hours$", "fargate_arm_gb_hour"),
    (r"AmazonEKS-Hours:perCluster$", "eks_cluster_hour"),
    (r"LoadBalancerUsage$", "alb_hour"),
    (r"LCUUsage$", "alb_lcu_hour"),
    (r"PublicIPv4:InUseAddress$", "public_ipv4_hour"),
    (r"DataProcessing-Bytes$", "log_gb"),
    (r"NatGateway-Hours$", "nat_hour"),
    (r"NatGateway-Bytes$", "nat_gb"),
    (r"DataTransfer-Out-Bytes$", "egress_gb"),
    (r"ApiGatewayHttpRequest$", "http_api_request"),
    (r"ApiGatewayRequest$", "rest_api_request"),
    (r"(Search|Indexing)OCU$", "aoss_ocu_hour"),
)


def key_of(usage_type: str) -> str | None:
    """The price of our books that a usage type is billed by."""
    return next((key for pattern, key in USAGE_TYPES if re.search(pattern, usage_type)), None)
