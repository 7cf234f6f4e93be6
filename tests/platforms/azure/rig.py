"""What tests of Azure's deployments share: doubles of this machine, and questions to an account in memory."""

import io
import zipfile
from pathlib import Path

from harness.platforms.azure_container_apps import deploy as apps
from harness.platforms.azure_functions import deploy as functions
from tests.peers.arm import SUBSCRIPTION

ROOT = Path(__file__).parent.parent.parent.parent
PART = {"azure_container_apps": apps.part, "azure_functions": functions.part}
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rag-pilot/providers".lower()
DEPLOYMENTS = ["rag-pilot", "rag-chat", "ragchat"]


class Pushing:
    """A builder of this machine."""

    name = "docker"

    def __init__(self, azure):
        self._azure = azure

    def push(self, content, image, token, heard):
        server, _, tag = image.replace("/rag-chat", "").partition(":")
        self._azure.step(lambda: self._azure.push(server, tag))


def laid(package, folder):
    """As make_package.py lays out, without its index."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ("host.json", "function_app.py", "requirements.txt"):
            made.writestr(name, str(package.timeout_s))
    return out.getvalue()


def states(azure):
    return {r["name"]: r["properties"]["provisioningState"] for r in azure.records.values()}


def resource(azure, kind, name):
    return azure.resources[f"{GROUP}/{kind}/{name}".lower()]


def parameters(azure, name):
    [record] = [r for r in azure.records.values() if r["name"] == name]
    return record["given"]


def keys(azure):
    """Every place that holds the provider's key."""
    provider, chat = (
        resource(azure, "Microsoft.App/containerApps", n)["secrets"] for n in ("rag-provider", "rag-chat")
    )
    setting = resource(azure, "Microsoft.Web/sites", "ragchat")["settings"]["RAG_PROVIDER_KEY"]
    return {setting, *(one["value"] for one in (*provider, *chat))}


def whole(azure):
    return (
        states(azure) == dict.fromkeys(DEPLOYMENTS, "Succeeded")
        and azure.builds == 1
        and len(keys(azure)) == 1
        and azure.code["ragchat"]["status"] == 4
        and len([r for r in azure.resources.values() if r["type"].endswith("/registries")]) == 1
    )
