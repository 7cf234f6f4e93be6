"""Where passages come from: the index file beside the service, or a store on the network that both runtimes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ragchat.retrieval import Passage
    from ragchat.settings import Settings


class PassageStore(Protocol):
    """``remote``: a search waits for the network, so it belongs into a thread."""

    digest: str
    remote: bool

    def search(self, question: str, k: int) -> list[Passage]:
        """The ``k`` best passages, best first; ties in the order of their ids."""
        ...

    def close(self) -> None: ...


def open_store(settings: Settings) -> PassageStore:
    """The configured store; its client is imported only here. Raises ValueError for an unknown one."""
    match settings.store:
        case "sqlite":
            from ragchat.retrieval import Store  # noqa: PLC0415

            return Store(settings.index)
        case "pgvector":
            from ragchat.embedding import embedder_of  # noqa: PLC0415
            from ragchat.pgvector import PgVector  # noqa: PLC0415

            return PgVector(settings.store_url, embedder_of(settings))
        case "opensearch":
            from ragchat.opensearch import OpenSearch  # noqa: PLC0415

            return OpenSearch(settings.store_url, settings.store_auth, settings.region)
        case other:
            raise ValueError(f"RAG_STORE={other}: want sqlite, pgvector or opensearch")
