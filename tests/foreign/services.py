"""The services, how each is started, and what is true of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.foreign.installed import APPS, installed
from tests.peers.start import free_port, running

WITHIN_S = 90.0  # some import for twenty seconds on a small machine


@dataclass(frozen=True)
class Service:
    """``command`` takes the folder of installed executables and a port; the port is also PORT of its environment."""

    name: str
    command: Callable[[Path, int], list[str]]
    folder: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def app(self) -> str:
        return self.folder or self.name

    @contextmanager
    def running(self, tmp_path: Path):
        """The base URL of one instance, in a folder of its own."""
        packages = installed(self.app)
        port = free_port()
        folder = tmp_path / f"{self.name}-{port}"
        shutil.copytree(APPS / self.app, folder)
        for shared in ("passages.json", "passages.py"):
            shutil.copy(APPS / shared, folder)
        node = packages / "node_modules"
        if node.exists():
            (folder / "node_modules").symlink_to(node)
        bins = node / ".bin" if node.exists() else packages / "bin"
        environment = os.environ | {
            "PYTHONPATH": str(folder),
            "PATH": f"{bins}{os.pathsep}{os.environ['PATH']}",
            "PORT": str(port),
            **self.environment,
        }
        with running(self.command(bins, port), port, folder, env=environment, within_s=WITHIN_S) as url:
            yield url


def _at(port: int) -> list[str]:
    return ["--host", "127.0.0.1", "--port", str(port)]


HONO_NODE = Service("hono on Node", lambda bins, port: ["node", "on_node.mjs"], "hono")
HONO_WORKERD = Service("hono on workerd", lambda bins, port: ["node", "on_workerd.mjs"], "hono")
FASTAPI = Service(
    "fastapi",
    lambda bins, port: [
        *(str(bins / "gunicorn"), "--worker-class", "uvicorn.workers.UvicornWorker"),
        *("--bind", f"127.0.0.1:{port}", "service:app"),
    ],
)
FUNCTIONS = Service("functions", lambda bins, port: [str(bins / "functions-framework"), "--target", "chat", *_at(port)])
LANGSERVE = Service("langserve", lambda bins, port: [str(bins / "uvicorn"), "service:app", *_at(port)])
LANGGRAPH = Service(
    "langgraph",
    lambda bins, port: [
        str(bins / "langgraph"),
        "dev",
        "--no-browser",
        "--no-reload",
        "--n-jobs-per-worker",
        "10",
        *_at(port),
    ],
)
HAYHOOKS = Service(
    "hayhooks", lambda bins, port: [str(bins / "hayhooks"), "run", "--pipelines-dir", "pipelines", *_at(port)]
)
LITELLM = Service(
    "litellm",
    lambda bins, port: [str(bins / "litellm"), "--config", "config.yaml", *_at(port)],
    environment={"LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true"},
)
CELERY = Service("celery", lambda bins, port: [str(bins / "uvicorn"), "service:app", *_at(port)])
FAKELLM = Service("fakellm", lambda bins, port: [str(bins / "fakellm"), "serve", *_at(port)])
MOCKLLM = Service(
    "mockllm", lambda bins, port: [str(bins / "mockllm"), "start", "--responses", "responses.yml", *_at(port)]
)
SERVERLESS = Service(
    "serverless_offline",
    lambda bins, port: [
        *(str(bins / "serverless"), "offline", "--httpPort", str(port)),
        *("--lambdaPort", str(free_port())),
    ],
    environment={"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"},
)
GRADIO = Service(
    "gradio", lambda bins, port: [str(bins / "python"), "app.py"], environment={"GRADIO_ANALYTICS_ENABLED": "False"}
)
CHAINLIT = Service("chainlit", lambda bins, port: [str(bins / "chainlit"), "run", "app.py", "--headless", *_at(port)])

ALL = (
    *(FAKELLM, MOCKLLM, LITELLM, HAYHOOKS, LANGSERVE, LANGGRAPH, HONO_NODE, HONO_WORKERD, FASTAPI, FUNCTIONS),
    *(SERVERLESS, GRADIO, CHAINLIT, CELERY),
)
