"""Facts without what identifies an account."""

from datetime import UTC, datetime

from harness.cloud.redact import without_accounts


def test_account_ids_and_url_ids_are_masked_wherever_they_stand():
    said = {
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:chat",
        "url": ["https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws/"],
        "at": datetime(2026, 11, 20, 9, tzinfo=UTC),
        "digest": "1234567890123",
        "memory": 1769,
    }

    assert without_accounts(said) == {
        "arn": "arn:aws:lambda:us-east-1:ACCOUNT:function:chat",
        "url": ["https://URL-ID.lambda-url.us-east-1.on.aws/"],
        "at": "2026-11-20T09:00:00+00:00",
        "digest": "1234567890123",
        "memory": 1769,
    }
