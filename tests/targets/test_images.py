"""The image is built from its Dockerfile and started, where a builder is: Debian's buildah, without a daemon, as root.

Its base is a Debian of debootstrap with Python in it, for no registry of images is asked. Its wheels are fetched by pip
beforehand, from the same pins, so that the build itself needs no network.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.peers.start import free_port
from tests.suite import processes

ROOT = Path(__file__).parent.parent.parent
# 150 s on two idle cores: the base takes 60, the wheels 10, the build 40. test_aws.py holds the Dockerfile to hadolint in a second.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
BASE, IMAGE = "localhost/python:test", "localhost/rag-chat:test"
QUESTION = {"messages": [{"role": "user", "content": "How does a list sort?"}], "max_tokens": 16, "stream": False}


def reason():
    """Why it cannot be built here; None where it can."""
    missing = [name for name in ("buildah", "debootstrap") if not shutil.which(name)]
    if missing:
        return f"no {' and no '.join(missing)}: apt-get install buildah debootstrap"
    return None if os.geteuid() == 0 else "buildah without a daemon builds in a chroot, which is root's"


class Builder:
    """buildah with its storage in one folder, and nothing of this machine's."""

    def __init__(self, folder):
        self._at = ["--root", str(folder / "storage"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]

    def __call__(self, *words, timeout=600):
        command = ["buildah", *self._at, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout.strip()

    def start(self, container, words, **environment):
        told = [w for k, v in environment.items() for w in ("--env", f"{k}={v}")]
        command = ["buildah", *self._at, "run", "--isolation", "chroot", *told, container, "--", *words]
        return processes.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def python_base(builder, folder):
    """A Debian with Python, and the wheels of the pins."""
    root = folder / "root"
    command = [
        "debootstrap",
        "--variant=minbase",
        "--include=python3,python3-pip,ca-certificates",
        "bookworm",
        str(root),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        pytest.skip(f"debootstrap: {done.stdout[-500:]}{done.stderr[-500:]}")
    (root / "usr/bin/python").symlink_to("python3")
    (root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    for name in ("requirements.txt", "requirements-jobs.txt"):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
        ]
        versions = [
            "--python-version",
            "3.11",
            "--dest",
            str(root / "wheels"),
            "-r",
            str(ROOT / "targets/aws_base" / name),
        ]
        subprocess.run([*command, *versions], check=True, capture_output=True, timeout=300)
    context = folder / "base"
    context.mkdir()
    subprocess.run(
        ["tar", "-C", root, "--exclude=./proc/*", "--exclude=./sys/*", "-cf", context / "root.tar", "."], check=True
    )
    (context / "Dockerfile").write_text("FROM scratch\nADD root.tar /\n")
    builder("bud", "--isolation", "chroot", "-t", BASE, str(context))


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    """With the image in it, built from a workspace in which secrets lie about."""
    if why := reason():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("images")
    made = Builder(folder)
    python_base(made, folder)
    workspace = folder / "workspace"
    for name in ("targets/ragchat", "targets/aws_base"):
        shutil.copytree(ROOT / name, workspace / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".dockerignore", workspace)
    (workspace / "targets/ragchat/ragchat/generator.env").write_text("PLANTED=planted-secret\n")
    (workspace / "targets/ragchat/ragchat/key.pem").write_text("planted-secret\n")
    dockerfile = str(workspace / "targets/aws_base/Dockerfile")
    built = ["--isolation", "chroot", "--build-arg", f"PYTHON={BASE}", "--target", "backends", "-f", dockerfile]
    made("bud", *built, "-t", IMAGE, str(workspace))
    yield made
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def container(builder):
    return builder("from", "--pull-never", IMAGE)


@contextmanager
def started(builder, container, words, at, **environment):
    process = builder.start(container, words, **environment)
    try:
        for _ in range(300):
            try:
                assert httpx.get(f"http://127.0.0.1:{at}/health", trust_env=False, timeout=2).json() == {"status": "ok"}
                break
            except httpx.HTTPError:
                assert process.poll() is None, process.stdout.read()
                time.sleep(0.1)
        yield f"http://127.0.0.1:{at}"
    finally:
        processes.end(process)


def on_loopback(words, at):
    """The image's own command, but for where it listens."""
    return [str(at) if w == "8080" else "127.0.0.1" if w == "0.0.0.0" else w for w in words]


def test_the_image_answers_a_question_of_its_own_index_by_its_own_command(builder, container):
    config = json.loads(builder("inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
    mock, chat = free_port(), free_port()
    provider = ["python", "-m", "ragchat.provider", "--host", "127.0.0.1", "--port", str(mock), "--time-scale", "0.02"]
    where = {"RAG_PROVIDER_URL": f"http://127.0.0.1:{mock}", "RAG_PROVIDER_KEY": "k" * 24}

    assert config["User"] == "10001"
    with (
        started(builder, container, provider, mock, RAG_PROVIDER_KEY="k" * 24),
        started(builder, container, on_loopback(config["Cmd"], chat), chat, **where) as url,
    ):
        said = httpx.post(f"{url}/v1/chat", json=QUESTION, trust_env=False, timeout=20).json()
        meta = httpx.get(f"{url}/v1/meta", trust_env=False, timeout=20).json()

    assert said["answer"]
    assert said["citations"]
    assert (meta["health"], meta["contract"]) == ("/health", "rag-chat/1")


def test_no_secret_of_the_workspace_is_in_it(builder, container):
    look = ["sh", "-c", "ls /app/lib/ragchat/app.py && ! grep -rl planted-secret /app"]
    assert builder("run", "--isolation", "chroot", container, "--", *look) == "/app/lib/ragchat/app.py"


def test_it_has_the_libraries_of_bedrock_opensearch_and_postgresql(builder, container):
    code = "import ragchat.bedrock, ragchat.pgvector, botocore.auth; print('ok')"
    assert builder("run", "--isolation", "chroot", container, "--", "python", "-c", code) == "ok"
