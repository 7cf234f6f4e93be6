"""[[sources]] of target.toml: where a target's own figures come from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from harness.domain.target import SourceConfig
from harness.workspace.pilot_toml import Table

SUBJECTS = (
    *("function", "load_balancer", "cluster", "rest_api", "http_api", "bedrock_model", "sagemaker_endpoint"),
    "collection_id",
)


class CloudWatchTable(Table):
    """``kind = "cloudwatch"``: what is named is read with its whole set of metrics."""

    kind: Literal["cloudwatch"]
    region: str
    function: str | None = None
    function_url: bool = False
    load_balancer: str | None = Field(None, pattern=r"^app/[^/]+/[0-9a-f]+$")
    cluster: str | None = None
    service: str | None = None
    container_insights: bool = False
    rest_api: str | None = None
    http_api: str | None = None
    bedrock_model: str | None = None
    sagemaker_endpoint: str | None = None
    variant: str = "AllTraffic"
    collection_id: str | None = None
    collection_name: str | None = None
    account_id: str | None = Field(None, pattern=r"^[0-9]{12}$")

    @model_validator(mode="after")
    def _something(self) -> CloudWatchTable:
        if not any(getattr(self, name) for name in SUBJECTS):
            raise ValueError(f"names nothing to read: want at least one of {', '.join(SUBJECTS)}")
        if bool(self.cluster) != bool(self.service):
            raise ValueError("cluster and service go together")
        if self.collection_id and not (self.collection_name and self.account_id):
            raise ValueError("collection_id wants collection_name and account_id: CloudWatch matches all three")
        return self


class LambdaLogsTable(Table):
    """``kind = "lambda-logs"``: REPORT lines of one log group."""

    kind: Literal["lambda-logs"]
    region: str
    log_group: str = Field(min_length=1)


class OtherTable(BaseModel):
    """A kind that another package brings; its fields are that package's to check."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: str


def _which(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if kind in ("cloudwatch", "lambda-logs") else "other"


SourceTable = Annotated[
    Annotated[CloudWatchTable, Tag("cloudwatch")]
    | Annotated[LambdaLogsTable, Tag("lambda-logs")]
    | Annotated[OtherTable, Tag("other")],
    Discriminator(_which),
]


def config_of(table: CloudWatchTable | LambdaLogsTable | OtherTable) -> SourceConfig:
    """What the sources room makes a source of; unset fields are left out."""
    said = table.model_dump(exclude={"kind"}, exclude_none=True)
    return SourceConfig(table.kind, said)
