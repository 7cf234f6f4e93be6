"""Facts without what identifies an account."""

from datetime import UTC, datetime

from harness.domain.identities import without_identities


def test_account_ids_and_url_ids_are_masked_wherever_they_stand():
    said = {
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:chat",
        "url": ["https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws/"],
        "at": datetime(2026, 11, 20, 9, tzinfo=UTC),
        "digest": "1234567890123",
        "bucket": "assets-123456789012-us-east-1",
        "request": "8f0f2b2a-1c1d-4e4f-9a9b-123456789012",
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/chat@sha256:" + "ab123456789012cd" * 4,
        "memory": 1769,
    }

    assert without_identities(said) == {
        "arn": "arn:aws:lambda:us-east-1:[account]:function:chat",
        "url": ["https://[url-id].lambda-url.us-east-1.on.aws/"],
        "at": "2026-11-20T09:00:00+00:00",
        "digest": "1234567890123",
        "bucket": "assets-[account]-us-east-1",
        "request": "8f0f2b2a-1c1d-4e4f-9a9b-123456789012",
        "image": "[account].dkr.ecr.us-east-1.amazonaws.com/chat@sha256:" + "ab123456789012cd" * 4,
        "memory": 1769,
    }
