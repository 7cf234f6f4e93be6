"""What tests of control planes share."""

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "planted-secret", "region_name": "us-east-1"}


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
