"""A pilot in one file: written whole or not at all, read by others without a workspace, and any change to it is named."""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from harness.campaign.lock import MEASURING, alone
from harness.decision import verified as verifying
from harness.decision.verified import AS_LEFT, AS_LISTED, NONE_ADDED, NONE_MISSING, SEALED, VERSIONS
from harness.errors import Refused
from harness.evidence import bundles
from harness.evidence.store import PLAN, SEAL
from harness.planning import seal_of
from harness.workspace import open_workspace
from tests.builders import Pilot
from tests.cli.inside import pilot
from tests.evidence.disk import full_at

RUN = "evidence/blocks/b01/attempt-1/steady-1-alpha"
SECRET = "correct-horse-battery-staple"


def measured(root, kind=Pilot):
    """A small sealed pilot with the digests that a campaign notes."""
    root.mkdir(parents=True, exist_ok=True)
    workspace, plan, store = kind(root, blocks=2, per_run=20).write()
    shutil.rmtree(workspace.evidence / "blocks")
    (workspace.evidence / "journal.jsonl").unlink()
    sealed = seal_of(workspace, plan)
    store.write_seal(sealed.digest, dict(sealed.content))
    store.note("sealed", digest=sealed.digest, files=store.digests(PLAN, SEAL))
    kind(root, blocks=2, per_run=20, kept=True).write()
    return root


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A workspace and its bundle, which no test changes."""
    root = measured(tmp_path_factory.mktemp("whole") / "pilot")
    done = pilot(root, "bundle", "--out", str(root / "b.tar.gz"))
    assert done.returncode == 0, done.stderr
    return root / "b.tar.gz"


def entries(path):
    with tarfile.open(path) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}


def repacked(to, files, *heads):
    """A bundle of these files, then of heads as they are."""
    with tarfile.open(to, "w:gz") as tar:
        for name, data in files.items():
            head = tarfile.TarInfo(name)
            head.size = len(data)
            tar.addfile(head, io.BytesIO(data))
        for head, data in heads:
            head.size = len(data)
            tar.addfile(head, io.BytesIO(data))
    return to


def head(name, kind=tarfile.REGTYPE, to=""):
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, to
    return made


def relisted(files):
    """The manifest fitted to the files, as somebody does who knows how."""
    said = json.loads(files["manifest.json"])
    said["files"] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in files.items()
        if name != "manifest.json"
    }
    return files | {"manifest.json": json.dumps(said).encode()}


def answers(path):
    return {check.name: check for check in verifying.verified(path).checks}


def wrong(path):
    return {name: check.detail for name, check in answers(path).items() if check.answer == "fail"}


def test_a_bundle_goes_elsewhere_and_all_of_it_holds(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    moved = shutil.copy(whole, tmp_path / "other.tar.gz")
    done = pilot(tmp_path, "verify", str(moved))
    said = json.loads(pilot(tmp_path, "verify", str(moved), "--json").stdout)

    assert done.returncode == 0, done.stdout
    assert said.keys() == {"ok", "checks", "files", "seal", "written_by"}
    assert (said["ok"], said["files"]) == (True, len(entries(whole)) - 1)
    assert said["seal"] == json.loads(entries(whole)["evidence/seal.json"])["digest"]
    assert [c["answer"] for c in said["checks"]] == ["pass"] * 6
    assert [p.name for p in tmp_path.iterdir()] == ["other.tar.gz"]


def test_the_same_evidence_makes_the_same_bytes_wherever_and_whenever_it_lies(whole, tmp_path):
    root = Path(shutil.copytree(whole.parent, tmp_path / "copy", copy_function=shutil.copyfile))
    (root / "b.tar.gz").unlink()
    os.utime(root / "pilot.toml", (1, 1))
    (root / "pilot.toml").chmod(0o600)

    assert pilot(root, "bundle").returncode == 0
    assert (root / "copy-bundle.tar.gz").read_bytes() == whole.read_bytes()


def test_it_holds_what_is_named_and_nothing_secret_or_from_outside(tmp_path):
    root = measured(tmp_path / "pilot")
    (tmp_path / "far.csv").write_text("outside")
    (root / "q.jsonl").write_text('{"id": "q1", "text": "Why?"}\n')
    text = (root / "pilot.toml").read_text()
    (root / "pilot.toml").write_text(text + '[load]\nquestions = "q.jsonl"\n[quality]\nset = "../far.csv"\n')
    (root / "loadprofiles").mkdir()
    (root / "loadprofiles" / "mine.py").write_text("rate = 1\n")
    (root / "loadprofiles" / "far.py").symlink_to(tmp_path / "far.csv")
    for secret in (
        "provider.env",
        ".env",
        "loadprofiles/a.env",
        "targets/alpha/provider.env",
        "targets/alpha/deployed.toml",
    ):
        (root / secret).write_text(f"KEY={SECRET}\n" if "toml" not in secret else "[variables]\n")
    (root / "evidence" / "x.env").write_text(SECRET)

    done = pilot(root, "bundle", "--json")
    found = entries(root / "pilot-bundle.tar.gz")

    assert done.returncode == 0, done.stderr
    assert {n for n in found if not n.startswith("evidence/")} == {
        *("manifest.json", "pilot.toml", "q.jsonl", "loadprofiles/mine.py"),
        *("targets/alpha/target.toml", "targets/beta/target.toml"),
    }
    assert SECRET.encode() not in b"".join(found.values())
    assert json.loads(done.stdout)["left_out"] == [
        "quality.set: ../far.csv lies outside the workspace",
        "loadprofiles/far.py is a link",
    ]


@pytest.mark.parametrize("text", [SECRET, "-----BEGIN RSA PRIVATE KEY-----\nMIIE"])
def test_a_secret_in_a_file_that_goes_stops_it(tmp_path, monkeypatch, text):
    monkeypatch.setenv("CHAT_TOKEN", SECRET)
    root = measured(tmp_path / "pilot")
    (root / "loadprofiles").mkdir()
    (root / "loadprofiles" / "mine.py").write_text(f'key = """{text}"""\n')

    done = pilot(root, "bundle")

    assert (done.returncode, list(root.glob("*.tar.gz"))) == (2, [])
    assert "loadprofiles/mine.py holds a secret" in done.stderr
    assert SECRET not in done.stderr


def test_it_is_refused_while_a_run_goes_on_without_evidence_and_over_a_file(whole, tmp_path):
    root = Path(shutil.copytree(whole.parent, tmp_path / "copy"))
    empty = tmp_path / "empty"
    empty.mkdir()
    Pilot(empty).workspace()
    with alone(root / ".pilot" / "local" / MEASURING, "pilot run"):
        running = pilot(root, "bundle")

    assert running.returncode == 2
    assert "another pilot run is running" in running.stderr
    assert pilot(empty, "bundle").returncode == 2
    assert "exists" in pilot(root, "bundle", "--out", "b.tar.gz").stderr
    assert "lies in the evidence" in pilot(root, "bundle", "--out", "evidence/c.tar.gz").stderr
    assert not list(root.glob("copy-*"))
    assert (root / "b.tar.gz").read_bytes() == whole.read_bytes()


def test_a_full_disk_leaves_nothing(whole, tmp_path):
    with full_at(2_000), pytest.raises(OSError, match="large"):
        bundles.write(tmp_path / "b.tar.gz", {"a": whole}, None, None)

    assert not list(tmp_path.iterdir())


def test_a_byte_that_was_changed_is_named_even_where_the_manifest_was_fitted_to_it(whole, tmp_path):
    files = entries(whole)
    file = f"{RUN}/samples.parquet"
    files[file] = files[file][:100] + bytes([files[file][100] ^ 1]) + files[file][101:]
    plainly, fitted = repacked(tmp_path / "1", files), repacked(tmp_path / "2", relisted(files))

    assert wrong(plainly).keys() == {AS_LISTED, AS_LEFT}
    assert file in wrong(plainly)[AS_LISTED]
    assert wrong(fitted) == {AS_LEFT: f"{file.removeprefix('evidence/')} was changed after it was written"}
    done = pilot(tmp_path, "verify", str(plainly))
    assert done.returncode == 5
    assert f"{file} is not what was bundled" in done.stdout
    assert "to do: ask for the bundle again" in done.stdout


def test_files_that_were_added_or_are_missing_are_named(whole, tmp_path):
    files = entries(whole)
    more = repacked(tmp_path / "more", files | {"evidence/note.txt": b"x"})
    less = repacked(tmp_path / "less", {name: data for name, data in files.items() if name != f"{RUN}/ledger.json"})

    assert wrong(more).keys() == {NONE_ADDED}
    assert "evidence/note.txt" in wrong(more)[NONE_ADDED]
    assert wrong(less).keys() == {NONE_MISSING, AS_LEFT}
    assert f"{RUN}/ledger.json is missing" in wrong(less)[NONE_MISSING]


def test_criteria_that_are_not_the_sealed_ones_are_named(whole, tmp_path):
    files = entries(whole)
    files["pilot.toml"] = files["pilot.toml"].replace(b"error_rate = 0.02", b"error_rate = 0.05")

    found = wrong(repacked(tmp_path / "b", relisted(files)))

    assert found.keys() == {SEALED}
    assert "slo.error_rate: 0.02 → 0.05" in found[SEALED]


class Deployed(Pilot):
    """Its first target's URL is a variable."""

    def workspace(self):
        super().workspace()
        path = self.root / "targets" / "alpha" / "target.toml"
        path.write_text(path.read_text().replace("http://127.0.0.1:9001", "${ALPHA_URL}"))
        return open_workspace(self.root)


def test_variables_that_nobody_has_set_here_keep_nothing_from_being_told(tmp_path, monkeypatch):
    monkeypatch.setenv("ALPHA_URL", "http://127.0.0.1:9001")
    root = measured(tmp_path / "pilot", Deployed)
    assert pilot(root, "bundle").returncode == 0
    monkeypatch.delenv("ALPHA_URL")

    assert verifying.verified(root / "pilot-bundle.tar.gz").ok


def test_what_can_t_be_told_is_neither_yes_nor_no(whole, tmp_path):
    files = entries(whole)
    ledger = json.loads(files[f"{RUN}/ledger.json"]) | {"schema_version": 99, "written_by": "runtime-pilot 9.4.0"}
    files[f"{RUN}/ledger.json"] = json.dumps(ledger).encode()
    newer = answers(repacked(tmp_path / "newer", relisted(files)))[VERSIONS]
    bare = tmp_path / "bare"
    bare.mkdir()
    Pilot(bare, blocks=2, per_run=5).write()
    assert pilot(bare, "bundle").returncode == 0
    done = pilot(tmp_path, "verify", str(bare / "bare-bundle.tar.gz"), "--json")

    assert (newer.answer, "runtime-pilot>=9.4.0" in newer.mend) == ("can't tell", True)
    assert done.returncode == 6
    assert json.loads(done.stdout)["ok"] is None
    untold = {c["name"] for c in json.loads(done.stdout)["checks"] if c["answer"] == "can't tell"}
    assert untold == {AS_LEFT, SEALED}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (head("../out.txt"), "leads out of it"),
        (head("/out.txt"), "leads out of it"),
        (head("evidence/./x"), "leads out of it"),
        (head("evidence/x", tarfile.SYMTYPE, "/etc/passwd"), "is a link"),
        (head("evidence/x", tarfile.LNKTYPE, "pilot.toml"), "is a link"),
        (head("evidence/x", tarfile.CHRTYPE), "is something else than a file"),
        (head("evidence/x", tarfile.FIFOTYPE), "is something else than a file"),
        (head("pilot.toml"), "twice"),
        (head("manifest.json"), "twice"),
        (head("evidence/\x1b[2J"), "can't be printed"),
    ],
)
def test_what_pilot_bundle_never_writes_is_refused_and_not_unpacked(whole, tmp_path, monkeypatch, more, says):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    made = repacked(tmp_path / "b", entries(whole), (more, b"" if more.type != tarfile.REGTYPE else b"x"))

    done = pilot(tmp_path, "verify", str(made))

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert [p.name for p in tmp_path.rglob("*")] == ["tmp", "b"] or {p.name for p in tmp_path.rglob("*")} == {
        "tmp",
        "b",
    }


def test_more_than_is_listed_is_never_read(whole, tmp_path):
    many = repacked(tmp_path / "many", entries(whole), (head("evidence/zeros"), bytes(8 << 20)))

    with pytest.raises(Refused, match="holds more than its manifest lists"):
        verifying.verified(many)


def test_a_file_that_lists_more_than_the_disk_has_is_refused_before_it_is_unpacked(tmp_path):
    listed = {f"f{k}": {"sha256": "0" * 64, "bytes": 1 << 40} for k in range(99)}
    made = {"schema_version": 1, "written_by": "x", "files": listed}
    path = repacked(tmp_path / "b", {"manifest.json": json.dumps(made).encode()})

    with pytest.raises(Refused, match="unpacks to"):
        verifying.verified(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.9999])
def test_a_truncated_file_is_refused(whole, tmp_path, share):
    data = whole.read_bytes()
    (tmp_path / "b").write_bytes(data[: int(len(data) * share)])

    done = pilot(tmp_path, "verify", "b")

    assert (done.returncode, done.stdout) == (2, "")
    assert "copy it again" in done.stderr
    assert "Traceback" not in done.stderr


def test_whatever_byte_of_the_file_is_flipped_it_is_told(whole, tmp_path):
    data = bytearray(whole.read_bytes())
    for at in range(10, len(data), len(data) // 12):
        (tmp_path / "b").write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        with pytest.raises(Refused):
            verifying.verified(tmp_path / "b")


@pytest.mark.parametrize(
    "content",
    [b"", b"text", gzip.compress(b"text", mtime=0), gzip.compress(bytes(4096), mtime=0)],
    ids=["nothing", "text", "text, packed", "zeros, packed"],
)
def test_what_is_no_bundle_is_refused(tmp_path, content):
    (tmp_path / "b").write_bytes(content)

    done = pilot(tmp_path, "verify", "b")

    assert (done.returncode, done.stdout) == (2, "")
    assert pilot(tmp_path, "verify", "absent").returncode == 2
    assert pilot(tmp_path, "verify", ".").returncode == 2


class Busy(type(Path())):
    """A file that is written to once its size was asked for."""

    asked = 0

    def stat(self, **more):
        found = super().stat(**more)
        self.asked += 1
        if self.asked == 3:
            self.write_text("two")
        return found


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    (tmp_path / "a").write_text("one")

    with pytest.raises(Refused, match="a changed while it was read"):
        bundles.write(tmp_path / "b", {"a": Busy(tmp_path / "a")}, None, None)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
