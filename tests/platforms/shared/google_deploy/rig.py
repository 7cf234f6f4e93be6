"""What a deployed project looks like, and where the real manifests are."""

from pathlib import Path

from tests.peers.google import PROJECT, USER

ROOT = Path(__file__).parent.parent.parent.parent.parent
SENDER = f"rag-sender@{PROJECT}.iam.gserviceaccount.com"


def whole(google):
    states = {name: row["status"]["conditions"][0]["status"] for name, row in google.services.items()}
    sender = google.members("service rag-chat", "roles/run.invoker")
    return (
        states == {"rag-chat": "True", "rag-provider": "True"}
        and google.pushes == 1
        and len(google.secrets["rag-provider-key"]["versions"]) == 1
        and sender == {f"serviceAccount:{SENDER}"}
        and USER in google.members(f"account {SENDER}", "roles/iam.serviceAccountOpenIdTokenCreator")
    )


def spec(google, name="rag-chat"):
    return google.services[name]["spec"]["template"]["spec"]


def variables(google, name="rag-chat"):
    return {one["name"]: one.get("value") for one in spec(google, name)["containers"][0]["env"]}
