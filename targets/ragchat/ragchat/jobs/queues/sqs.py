"""Amazon SQS, a standard queue. Spec only: checked against botocore's service model."""

from __future__ import annotations

from typing import Any

from ragchat.jobs.queues import Message, QueueDown

LONGEST_POLL_S, MOST_AT_ONCE, LONGEST_VISIBILITY_S = 20, 10, 43_200


class Sqs:
    """Long polls; ``client`` is boto3's, made here unless one is given."""

    def __init__(self, url: str, region: str | None, visibility_s: float, client: Any = None) -> None:  # noqa: ANN401
        if not url:
            raise ValueError("RAG_JOBS=sqs: set RAG_JOBS_QUEUE_URL")
        import botocore.exceptions  # noqa: PLC0415 - only where it is configured

        self._errors = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)
        self._url, self._visibility_s = url, round(visibility_s)
        self._client = client or _client(region)

    def send(self, job_id: str) -> None:
        self._call("send_message", MessageBody=job_id)

    def receive(self, most: int, wait_s: float) -> list[Message]:
        said = self._call(
            "receive_message",
            MaxNumberOfMessages=min(most, MOST_AT_ONCE),
            WaitTimeSeconds=min(round(wait_s), LONGEST_POLL_S),
            VisibilityTimeout=self._visibility_s,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Message(m["Body"], m["ReceiptHandle"], int(m.get("Attributes", {}).get("ApproximateReceiveCount", 1)))
            for m in said.get("Messages", [])
        ]

    def delete(self, receipt: str) -> None:
        self._call("delete_message", ReceiptHandle=receipt)

    def delay(self, receipt: str, seconds: float) -> None:
        whole = min(max(0, round(seconds)), LONGEST_VISIBILITY_S)
        self._call("change_message_visibility", ReceiptHandle=receipt, VisibilityTimeout=whole)

    def _call(self, name: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401
        try:
            said: dict[str, Any] = getattr(self._client, name)(QueueUrl=self._url, **values)
        except self._errors as error:
            raise QueueDown(f"SQS {name}: {error}") from None
        return said


def _client(region: str | None) -> Any:  # noqa: ANN401
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client("sqs", region_name=region, config=Config(retries={"mode": "standard"}, read_timeout=30))
