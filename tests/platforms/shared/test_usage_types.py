"""What a bill of AWS names its lines is what the books' own lookups name their prices."""

import pytest

from harness.platforms.shared.book import book_names, read_book
from harness.platforms.shared.usage_types import key_of


@pytest.mark.parametrize(
    ("usage_type", "key"),
    [
        ("Lambda-GB-Second", "lambda_gb_second"),
        ("EUC1-Lambda-GB-Second", "lambda_gb_second"),
        ("Global-Lambda-GB-Second", "lambda_gb_second"),
        ("EU-Lambda-GB-Second-ARM", "lambda_arm_gb_second"),
        ("USE2-Lambda-Provisioned-Concurrency-ARM", "lambda_arm_provisioned_gb_second"),
        ("Lambda-Provisioned-GB-Second-ARM", "lambda_arm_provisioned_duration_gb_second"),
        ("APS3-Request", "lambda_request"),
        ("EUW1-Requests", "lambda_request"),
        ("USE1-Fargate-EphemeralStorage-GB-Hours", "fargate_ephemeral_gb_hour"),
        ("EUC1-EBS:VolumeUsage.gp3", "ebs_gb_month"),
        ("EUC1-BoxUsage:t3.large", "ec2_t3_large_hour"),
        ("BoxUsage:u7i-12tb.224xlarge", "ec2_u7i_12tb_224xlarge_hour"),
        ("USW2-SearchOCU", "aoss_ocu_hour"),
        ("USW2-IndexingOCU", "aoss_ocu_hour"),
        ("USW2-NatGateway-Bytes", "nat_gb"),
        ("EUC1-DataTransfer-Regional-Bytes", None),
        ("ReadRequestUnits", None),
    ],
)
def test_a_usage_type_has_the_price_that_the_book_has_for_it(usage_type, key):
    assert key_of(usage_type) == key


def test_every_price_that_is_looked_up_by_a_usage_type_is_found_on_a_bill():
    lookups = {
        p.key: p.lookup["usagetype"] for name in book_names() for p in read_book(name).prices if "usagetype" in p.lookup
    }

    assert {key: key_of(f"EUC1-{usage_type}") for key, usage_type in lookups.items()} == {key: key for key in lookups}
