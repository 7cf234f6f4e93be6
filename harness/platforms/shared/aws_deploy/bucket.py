"""What lies in a bucket, and taking it out: a bucket with anything in it stays when its stack goes."""

from __future__ import annotations

from harness.errors import PilotError
from harness.platforms.shared.aws_deploy.api import Api, asked, every, found

BATCH = 1000  # of one call
GONE = ("404", "NoSuchBucket", "NotFound")


def keys(s3: Api, bucket: str, prefix: str = "") -> list[str]:
    """Raises AwsError."""
    pages = ("Contents", "ContinuationToken", "NextContinuationToken")
    return [str(row["Key"]) for row in every("bucket", s3.list_objects_v2, *pages, Bucket=bucket, Prefix=prefix)]


def emptied(s3: Api, bucket: str) -> None:
    """No error where it is gone; raises PilotError for what stays."""
    if found("bucket", s3.head_bucket, *GONE, Bucket=bucket) is None:
        return
    names = keys(s3, bucket)
    for k in range(0, len(names), BATCH):
        objects = [{"Key": name} for name in names[k : k + BATCH]]
        if errors := asked("bucket", s3.delete_objects, Bucket=bucket, Delete={"Objects": objects}).get("Errors"):
            raise PilotError(
                f"s3://{bucket}/{errors[0].get('Key')}: {errors[0].get('Message')}",
                "take it out by hand, then the same command again",
            )
