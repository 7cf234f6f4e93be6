"""Retrieval from OpenSearch, Serverless too: ``python -m ragchat.opensearch load --index index.sqlite`` fills it.

Plain HTTP over the standard library; requests are signed by botocore where RAG_STORE_AUTH
says ``aoss`` (Serverless) or ``es`` (a managed domain).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ragchat.retrieval import Passage

INDEX = "passages"
META = "meta"
BATCH = 500


class Requests:
    """JSON requests to one endpoint, a connection a thread."""

    def __init__(self, url: str, auth: str, region: str | None) -> None:
        self._parts = urlsplit(url)
        if self._parts.scheme not in ("http", "https") or not self._parts.hostname:
            raise ValueError(f"RAG_STORE_URL={url}: want http:// or https:// with a host")
        self._auth, self._region = auth, region or "us-east-1"
        self._own = threading.local()

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> dict[str, Any]:
        """Raises OSError for an answer that is none."""
        headers = {"Content-Type": kind} | self._signed(method, path, body, kind)
        for last in (False, True):
            connection = getattr(self._own, "connection", None)
            if connection is None:
                make = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
                connection = self._own.connection = make(self._parts.netloc, timeout=10)
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                data = answer.read()
                break
            except (http.client.HTTPException, OSError):
                connection.close()
                self._own.connection = None
                if last:
                    raise
        if answer.status >= 400:
            raise OSError(f"{method} {path} answered {answer.status}: {data[:200].decode('utf-8', 'replace')}")
        return dict(json.loads(data or b"{}"))

    def close(self) -> None:
        if connection := getattr(self._own, "connection", None):
            connection.close()

    def _signed(self, method: str, path: str, body: bytes, kind: str) -> dict[str, str]:
        if self._auth == "none":
            return {}
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - only where it is configured
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415

        url = f"{self._parts.scheme}://{self._parts.netloc}{path}"
        request = AWSRequest(method=method, url=url, data=body, headers={"Content-Type": kind})
        if self._auth == "aoss":
            import hashlib  # noqa: PLC0415

            request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()  # Serverless wants it said
        SigV4Auth(Session().get_credentials().get_frozen_credentials(), self._auth, self._region).add_auth(request)
        return {k: v for k, v in request.headers.items() if k.lower() != "content-type"}


class OpenSearch:
    """BM25 over title and body, as the index file has it; ties in the order of their ids."""

    remote = True

    def __init__(self, url: str, auth: str = "none", region: str | None = None) -> None:
        self._requests = Requests(url, auth, region)
        try:
            found = self._requests.ask("GET", f"/{META}/_doc/digest")
        except OSError:
            self._requests.close()
            raise
        self.digest: str = found["_source"]["value"]

    def search(self, question: str, k: int) -> list[Passage]:
        if k == 0 or not question.strip():
            return []
        body = {
            "size": k,
            "query": {"multi_match": {"query": question, "fields": ["title^2", "body"], "type": "most_fields"}},
            "sort": [{"_score": "desc"}, {"passage_id": "asc"}],
        }
        said = self._requests.ask("POST", f"/{INDEX}/_search", json.dumps(body).encode())
        return [
            Passage(s["passage_id"], s["document_id"], s["title"], s["body"], float(hit["_score"] or 0.0))
            for hit in said["hits"]["hits"]
            for s in [hit["_source"]]
        ]

    def close(self) -> None:
        self._requests.close()


def load(url: str, auth: str, region: str | None, index: Path) -> tuple[str, int]:
    """Fill both indexes from an index file; returns the digest and how many passages."""
    requests = Requests(url, auth, region)
    text = {"type": "text"}
    mapping = {
        "properties": {
            "passage_id": {"type": "keyword"},
            "document_id": {"type": "keyword"},
            "title": text,
            "body": text,
        }
    }
    with closing(sqlite3.connect(f"file:{index}?mode=ro&immutable=1", uri=True)) as source, closing(requests):
        requests.ask("PUT", f"/{INDEX}", json.dumps({"mappings": mapping}).encode())
        [digest] = source.execute("SELECT value FROM meta WHERE key = 'digest'").fetchone()
        rows = source.execute("SELECT passage_id, document_id, title, body FROM passage ORDER BY rowid")
        count = 0
        while batch := rows.fetchmany(BATCH):
            lines = []
            for row in batch:
                lines.append(json.dumps({"index": {"_index": INDEX, "_id": row[0]}}))
                lines.append(json.dumps(dict(zip(("passage_id", "document_id", "title", "body"), row, strict=True))))
            said = requests.ask("POST", "/_bulk", ("\n".join(lines) + "\n").encode(), "application/x-ndjson")
            if said.get("errors"):
                raise OSError("the store refused a part of the passages")
            count += len(batch)
        name = f"{digest}+opensearch"
        requests.ask("PUT", f"/{META}/_doc/digest", json.dumps({"value": name}).encode())
    return name, count


def main(argv: list[str] | None = None) -> int:
    """2 and one line on standard error where it cannot be filled."""
    parser = argparse.ArgumentParser(prog="ragchat.opensearch", description=__doc__)
    parser.add_argument("action", choices=["load"])
    parser.add_argument("--index", type=Path, required=True)
    options = parser.parse_args(argv)
    env = os.environ
    try:
        digest, count = load(
            env.get("RAG_STORE_URL", ""), env.get("RAG_STORE_AUTH", "none"), env.get("AWS_REGION"), options.index
        )
    except (OSError, ValueError, sqlite3.Error, http.client.HTTPException) as error:
        print(f"ragchat.opensearch: {error}", file=sys.stderr)
        return 2
    print(json.dumps({"digest": digest, "passages": count}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
