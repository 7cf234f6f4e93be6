"""What Resource Manager hands on to: builds and images of a registry, the blob store, and the host that takes an app's code."""

import hashlib
import io
import tarfile
import zipfile
from urllib.parse import parse_qsl

import httpx

TOKEN = "arm-token"
LOOKS = 2  # until what was begun has ended
BLOBS = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"  # the role that reads and writes them


class Refusal(Exception):
    def __init__(self, status, code, message, details=()):
        super().__init__(message)
        error = {"code": code, "message": message, **({"details": list(details)} if details else {})}
        self.answer = httpx.Response(status, json={"error": error})


def ok(body):
    return httpx.Response(200, json=body)


class Hosts:
    """Of one account, beside its resources."""

    def _scheduled(self, registry, body):
        assert body["type"] == "DockerBuildRequest"
        assert body["platform"] == {"os": "Linux", "architecture": "amd64"}
        with tarfile.open(fileobj=io.BytesIO(self.uploads[body["sourceLocation"]])) as source:
            assert body["dockerFilePath"] in source.getnames()
        number = f"ca{next(self._ids)}"
        [image] = body["imageNames"]
        self.runs[number] = {
            "server": registry["properties"]["loginServer"],
            "image": image,
            "looks": LOOKS,
            "status": "Queued",
        }
        return ok({"name": number, "properties": {"runId": number, "status": "Queued"}})

    def _run_of(self, number):
        rows = {n: row for n, row in self.runs.items() if number in (None, n.lower())}
        for row in rows.values():
            if row["status"] in ("Queued", "Running"):
                row["looks"] -= 1
                row["status"] = "Running"
                if row["looks"] <= 0:
                    row["status"] = self.fails.get("build", "Succeeded")
                    if row["status"] == "Succeeded":
                        self.push(row["server"], row["image"].partition(":")[2])
        said = []
        for n, row in rows.items():
            made = [{"tag": row["image"].partition(":")[2]}] if row["status"] == "Succeeded" else []
            said.append({"name": n, "properties": {"runId": n, "status": row["status"], "outputImages": made}})
        return ok(said[0] if number else {"value": said})

    def push(self, server, tag):
        """As a builder pushes."""
        self.builds += 1
        self.images.setdefault(server, {})[tag] = "sha256:" + hashlib.sha256(tag.encode()).hexdigest()

    def _registry(self, request, host, path):
        there = any(r["properties"].get("loginServer") == host for r in self.resources.values())
        if not there:
            raise httpx.ConnectError(f"no such host: {host}")
        if path in ("/oauth2/exchange", "/oauth2/token"):
            form = dict(parse_qsl(request.content.decode()))
            assert form["service"] == host
            if path == "/oauth2/exchange":
                assert (form["grant_type"], form["access_token"]) == ("access_token", TOKEN)
                return ok({"refresh_token": "a-refresh-token"})
            assert form["refresh_token"] == "a-refresh-token"
            return ok({"access_token": f"may {form['scope']}"})
        assert request.headers["authorization"] == "Bearer may repository:rag-chat:pull"
        assert request.method == "HEAD"
        digest = self.images.get(host, {}).get(path.rpartition("/")[2])
        return httpx.Response(200 if digest else 404, headers={"Docker-Content-Digest": digest} if digest else {})

    def _blob(self, request, host, path):
        assert "authorization" not in request.headers, "what is signed for one blob gets no token"
        if request.method == "PUT":
            assert request.headers["x-ms-blob-type"] == "BlockBlob"
            self.uploads[path.removeprefix("/")] = request.content
            return httpx.Response(201)
        return httpx.Response(200, text="Step 1/9 : FROM python\nno space left on device\n")

    def _kudu(self, request, name, path):
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        site = next((r for r in self.resources.values() if r["type"].endswith("/sites") and r["name"] == name), None)
        if site is None:
            raise httpx.ConnectError(f"no such host: {name}")
        row = self.code.get(name)
        if request.method == "POST":
            assert (path, request.url.params["RemoteBuild"]) == ("/api/publish", "true")
            assert request.headers["content-type"] == "application/zip"
            return self._published(request, site, row)
        number = path.split("/")[3]
        if row is None or number not in ("latest", row["id"]):
            return httpx.Response(404)
        if path.endswith("/log"):
            return httpx.Response(200, json=[{"message": row["says"]}])
        if row["status"] < 3:
            row["looks"] -= 1
            row["status"] = row["ends"] if row["looks"] <= 0 else 1
        return ok({"id": row["id"], "status": row["status"], "complete": row["status"] >= 3})

    def _published(self, request, site, row):
        if row is not None and row["status"] < 3:
            raise Refusal(409, "Conflict", "a deployment is running")
        with zipfile.ZipFile(io.BytesIO(request.content)) as package:
            names = package.namelist()
        assert {"host.json", "function_app.py", "requirements.txt"} <= set(names)
        account = site["settings"]["AzureWebJobsStorage__accountName"]
        granted = [r["properties"] for r in self.roles.values() if r["scope"].endswith(f"/storageaccounts/{account}")]
        assert any(
            g["principalId"] == site["identity"]["principalId"] and BLOBS in g["roleDefinitionId"] for g in granted
        )
        late = self.role_late > 0
        self.role_late -= late
        ends, says = (
            (3, "StorageAccessibleCheck failed: 403 Forbidden")
            if late
            else (self.fails.get("code", 4), "ModuleNotFoundError")
        )
        number = f"code-{next(self._ids)}"
        self.code[site["name"]] = {
            "id": number,
            "status": 0,
            "looks": LOOKS,
            "ends": ends,
            "says": says,
            "files": names,
        }
        return httpx.Response(202, json=number)
