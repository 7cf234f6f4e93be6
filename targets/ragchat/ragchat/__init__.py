"""The reference service of the chat contract ``rag-chat/1``; it knows nothing of the harness that measures it."""

__version__ = "1.0.0"
