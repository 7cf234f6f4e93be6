"""A two-week pilot that decides which runtime should serve a RAG chat API."""

__version__ = "0.1.0"
