"""Lays out what is published to the function app: ``python targets/azure_functions/make_package.py FOLDER``.

The app's files, the service and its index. It runs with the Python of the app's runtime, as template.json says it, and
with no other: the index is made of that Python's own documentation. The platform installs requirements.txt itself.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVICE = HERE.parent / "ragchat" / "ragchat"
OWN = ("function_app.py", "requirements.txt")


def version() -> str:
    """Of Python, as the app runs it."""
    rows = json.loads((HERE / "template.json").read_text(encoding="utf-8"))["resources"]
    [runtime] = [
        row["properties"]["functionAppConfig"]["runtime"] for row in rows if row["type"] == "Microsoft.Web/sites"
    ]
    return str(runtime["version"])


def main() -> None:
    """Into an empty or new folder."""
    parser = argparse.ArgumentParser(description="Lay out the package of the function app.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--timeout-s", type=int, default=30, help="how long a request may take, as load.deadline_s")
    said = parser.parse_args()
    own, wanted = f"{sys.version_info.major}.{sys.version_info.minor}", version()
    if own != wanted:
        sys.exit(
            f"this is Python {own}, and the app's is {wanted}: run it with python{wanted}, "
            "for the index is made of its Python's documentation"
        )
    out = said.folder
    out.mkdir(parents=True, exist_ok=True)
    for name in OWN:
        shutil.copy2(HERE / name, out / name)
    host = json.loads((HERE / "host.json").read_text(encoding="utf-8"))
    minutes, seconds = divmod(said.timeout_s, 60)
    host["functionTimeout"] = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    (out / "host.json").write_text(json.dumps(host, indent=2) + "\n", encoding="utf-8")
    shutil.copytree(SERVICE, out / "ragchat", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(out.resolve()), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-m", "ragchat.index", "--out", "index"], cwd=out, env=environment, check=True)


if __name__ == "__main__":
    main()
