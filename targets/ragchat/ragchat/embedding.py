"""Vectors of texts: hashed words or parts of words, which need no model, or a model on Bedrock."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from ragchat.cache import TtlCache
from ragchat.retrieval import terms

if TYPE_CHECKING:
    from ragchat.settings import Settings

DIMENSIONS = 256


class Embedder(Protocol):
    """``name`` is part of the index's digest: vectors of two models do not compare; ``model`` is billed by token, None is free."""

    name: str
    dimensions: int
    model: str | None

    def embed(self, text: str) -> list[float]:
        """A vector of length 1, or of zeros for a text without words."""
        ...


class HashedWords:
    """Feature hashing of words with signs, weights log(1 + count): deterministic, and good enough to find words again."""

    name = f"hash-{DIMENSIONS}"
    dimensions = DIMENSIONS
    model: str | None = None

    def embed(self, text: str) -> list[float]:
        vector = [0.0] * DIMENSIONS
        for word, count in Counter(terms(text)).items():
            at = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
            vector[(at >> 1) % DIMENSIONS] += (1 if at & 1 else -1) * math.log1p(count)
        return _unit(vector)


class HashedSubwords:
    """Words and their n-grams of 3 to 5 letters, as fastText cuts them, hashed with signs; counts saturate as BM25's do.

    Finds inflected and misspelt words again, at some milliseconds of a processor for a passage.
    """

    name = f"subword-{DIMENSIONS}"
    dimensions = DIMENSIONS
    model: str | None = None
    saturation = 1.2  # BM25's k1
    shortest, longest = 3, 5

    def embed(self, text: str) -> list[float]:
        vector = [0.0] * DIMENSIONS
        for word, count in Counter(terms(text)).items():
            weight = count * (self.saturation + 1) / (count + self.saturation)
            parts = self._parts(f"<{word}>")
            for part in parts:
                at = int.from_bytes(hashlib.blake2b(part.encode(), digest_size=8).digest(), "big")
                vector[(at >> 1) % DIMENSIONS] += (1 if at & 1 else -1) * weight / math.sqrt(len(parts))
        return _unit(vector)

    def _parts(self, word: str) -> list[str]:
        """The word itself, and every run of its letters of those lengths."""
        sizes = range(self.shortest, self.longest + 1)
        return [word, *(word[at : at + n] for n in sizes for at in range(len(word) - n + 1))]


class BedrockEmbedder:
    """``invoke_model`` of a Titan text embedding model."""

    def __init__(self, model: str, region: str | None, endpoint: str | None = None) -> None:
        import boto3  # noqa: PLC0415 - only where it is configured

        self.name, self.dimensions = f"bedrock:{model}", 512
        self.model: str | None = model
        self._client: Any = boto3.client("bedrock-runtime", region_name=region, endpoint_url=endpoint)

    def embed(self, text: str) -> list[float]:
        body = json.dumps({"inputText": text, "dimensions": self.dimensions, "normalize": True})
        said = self._client.invoke_model(modelId=self.model, body=body)
        return _unit([float(x) for x in json.loads(said["body"].read())["embedding"]])


class Cached:
    """Another embedder's vectors, kept for a while."""

    def __init__(self, inner: Embedder, ttl_s: float) -> None:
        self.name, self.dimensions, self.model = inner.name, inner.dimensions, inner.model
        self._inner = inner
        self._kept: TtlCache[list[float]] = TtlCache(ttl_s)

    def embed(self, text: str) -> list[float]:
        found = self._kept.get("", text)
        if found is None:
            self._kept.put("", text, found := self._inner.embed(text))
        return found


def embedder_of(settings: Settings, default: str = "hash") -> Embedder:
    """The configured one, or ``default``; raises ValueError for an unknown one."""
    kind, _, model = (settings.embedding or default).partition(":")
    if kind == "hash":
        made: Embedder = HashedWords()
    elif kind == "subword":
        made = HashedSubwords()
    elif kind == "bedrock" and model:
        made = BedrockEmbedder(model, settings.region, settings.bedrock_endpoint)
    else:
        raise ValueError(f"RAG_EMBEDDING={settings.embedding}: want hash, subword or bedrock:MODEL")
    return Cached(made, settings.cache_ttl_s) if "embedding" in settings.caches else made


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector] if length else vector
