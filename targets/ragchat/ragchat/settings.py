"""Settings of one instance, all from the environment (prefix ``RAG_``)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ragchat.cache import kinds_of

RERANKERS = ("off", "projection")


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
    provider_path: str = "/v1/chat/completions"
    provider_ca: str | None = None  # base64 of a certificate's DER: the only authority that the provider's may have
    provider_auth: str = "key"  # RAG_PROVIDER_KEY; or google, azure: the identity that the platform gives
    model_backend: str = "openai"  # any OpenAI-compatible endpoint; or bedrock
    bedrock_endpoint: str | None = None
    store: str = "sqlite"  # or pgvector, opensearch
    store_url: str = ""
    store_auth: str = "none"  # of opensearch: aoss, es
    embedding: str = ""  # hash, subword or bedrock:MODEL; empty: what each use of it has as its own default
    caches: tuple[str, ...] = ()
    cache_ttl_s: float = 300.0
    otlp: bool = False
    weights_mb: int = 0  # read into memory at start; 0: none, or a reranker's own
    weights_folder: Path = Path()
    reranker: str = "off"  # or projection
    fallback_model: str | None = None  # asked where the model throttles; None: its refusal is handed on

    @classmethod
    def from_env(cls) -> Settings:
        env = os.environ
        memory = env.get("RAG_MEMORY_MB") or env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        index = Path(env.get("RAG_INDEX", "index.sqlite"))
        kind = env.get("RAG_RUNTIME_KIND") or ("aws-lambda" if "AWS_LAMBDA_FUNCTION_NAME" in env else None)
        return cls(
            index=index,
            provider_url=env.get("RAG_PROVIDER_URL", "http://127.0.0.1:8081"),
            model=env.get("RAG_MODEL", "extractive-1"),
            runtime_kind=kind,
            region=env.get("RAG_REGION") or env.get("AWS_REGION"),
            memory_mb=int(memory) if memory else None,
            cpu=float(env["RAG_CPU"]) if env.get("RAG_CPU") else None,
            upstream_timeout_s=float(env.get("RAG_UPSTREAM_TIMEOUT_S", "60")),
            provider_path=env.get("RAG_PROVIDER_PATH", "/v1/chat/completions"),
            provider_ca=_given(env.get("RAG_PROVIDER_CA", "")),
            provider_auth=env.get("RAG_PROVIDER_AUTH", "key"),
            model_backend=env.get("RAG_MODEL_BACKEND", "openai"),
            bedrock_endpoint=env.get("RAG_BEDROCK_ENDPOINT") or None,
            store=env.get("RAG_STORE", "sqlite"),
            store_url=env.get("RAG_STORE_URL", ""),
            store_auth=env.get("RAG_STORE_AUTH", "none"),
            embedding=env.get("RAG_EMBEDDING", ""),
            caches=kinds_of(env.get("RAG_CACHE", "")),
            cache_ttl_s=float(env.get("RAG_CACHE_TTL_S", "300")),
            otlp=env.get("RAG_OTLP", "") == "1",
            weights_mb=_megabytes(env.get("RAG_WEIGHTS_MB", "0")),
            weights_folder=Path(env.get("RAG_WEIGHTS_FOLDER") or index.parent),
            reranker=_reranker(env.get("RAG_RERANKER", "off")),
            fallback_model=env.get("RAG_FALLBACK_MODEL") or None,
        )


def _given(text: str) -> str | None:
    """None for ``none`` too: a stack's output cannot be empty."""
    return None if text in ("", "none") else text


def _megabytes(text: str) -> int:
    if text in ("", "0"):
        return 0
    from ragchat.weights import wanted_mb  # noqa: PLC0415 - an instance without weights never pays for it

    return wanted_mb(text, "RAG_WEIGHTS_MB")


def _reranker(text: str) -> str:
    if text not in RERANKERS:
        raise ValueError(f"RAG_RERANKER={text}: want {' or '.join(RERANKERS)}")
    return text
