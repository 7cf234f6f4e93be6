"""Settings of one instance, all from the environment (prefix ``RAG_``)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ragchat.cache import kinds_of


@dataclass(frozen=True)
class Settings:
    """What a deployment decides."""

    index: Path
    provider_url: str
    model: str
    runtime_kind: str | None
    region: str | None
    memory_mb: int | None
    cpu: float | None
    upstream_timeout_s: float
    model_backend: str = "openai"  # any OpenAI-compatible endpoint; or bedrock
    bedrock_endpoint: str | None = None
    store: str = "sqlite"  # or pgvector, opensearch
    store_url: str = ""
    store_auth: str = "none"  # of opensearch: aoss, es
    embedding: str = ""  # hash, subword or bedrock:MODEL; empty: what each use of it has as its own default
    caches: tuple[str, ...] = ()
    cache_ttl_s: float = 300.0
    otlp: bool = False

    @classmethod
    def from_env(cls) -> Settings:
        env = os.environ
        memory = env.get("RAG_MEMORY_MB") or env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        kind = env.get("RAG_RUNTIME_KIND") or ("aws-lambda" if "AWS_LAMBDA_FUNCTION_NAME" in env else None)
        return cls(
            index=Path(env.get("RAG_INDEX", "index.sqlite")),
            provider_url=env.get("RAG_PROVIDER_URL", "http://127.0.0.1:8081"),
            model=env.get("RAG_MODEL", "extractive-1"),
            runtime_kind=kind,
            region=env.get("RAG_REGION") or env.get("AWS_REGION"),
            memory_mb=int(memory) if memory else None,
            cpu=float(env["RAG_CPU"]) if env.get("RAG_CPU") else None,
            upstream_timeout_s=float(env.get("RAG_UPSTREAM_TIMEOUT_S", "60")),
            model_backend=env.get("RAG_MODEL_BACKEND", "openai"),
            bedrock_endpoint=env.get("RAG_BEDROCK_ENDPOINT") or None,
            store=env.get("RAG_STORE", "sqlite"),
            store_url=env.get("RAG_STORE_URL", ""),
            store_auth=env.get("RAG_STORE_AUTH", "none"),
            embedding=env.get("RAG_EMBEDDING", ""),
            caches=kinds_of(env.get("RAG_CACHE", "")),
            cache_ttl_s=float(env.get("RAG_CACHE_TTL_S", "300")),
            otlp=env.get("RAG_OTLP", "") == "1",
        )
