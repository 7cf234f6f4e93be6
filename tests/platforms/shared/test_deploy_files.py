"""Files that a deployment is made from, as people leave them: what is wrong with one is named with its file, and nothing is sent."""

import pytest

from harness.errors import BadFile, Refused
from harness.platforms.shared.aws_deploy.stacks import parameters_of, settings_known, template_text
from harness.platforms.shared.azure_deploy.part import tag_of, template_of
from harness.platforms.shared.azure_deploy.publish import Package
from harness.platforms.shared.deploy.content import content_of
from harness.platforms.shared.deploy.manifest import read_manifest

LATIN = "# gr\u00fc\u00dfe\n".encode("latin-1")


def content(root, dockerfile):
    (root / "Dockerfile").write_text(dockerfile)
    return content_of(root, root / "Dockerfile")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Dockerfile", lambda path: content_of(path.parent, path)),
        ("service.yaml", read_manifest),
        ("template.yaml", lambda path: settings_known([path])),
        ("template.json", template_of),
    ],
)
def test_a_file_that_is_not_utf_8_names_its_line(tmp_path, name, read):
    path = tmp_path / name
    path.write_bytes(b"FROM x\n" + LATIN)

    with pytest.raises(BadFile, match=rf"{name}:\n  - line 2: is not UTF-8 text"):
        read(path)


def test_the_same_content_has_the_same_tag_and_a_changed_file_another(tmp_path):
    (tmp_path / "app" / "__pycache__").mkdir(parents=True)
    (tmp_path / "app" / "a.py").write_text("a = 1\n")
    (tmp_path / "app" / "secrets.env").write_text("KEY=1\n")
    dockerfile = "FROM x AS build\nCOPY app \\\n  lib\nFROM x\nCOPY --from=build /lib lib\n"
    tag = content(tmp_path, dockerfile).tag
    (tmp_path / "app" / "__pycache__" / "a.pyc").write_bytes(b"1")
    (tmp_path / "app" / "secrets.env").write_text("KEY=2\n")
    again = content(tmp_path, dockerfile)
    tag_again = again.tag
    (tmp_path / "app" / "a.py").write_text("a = 2\n")

    assert again.files == ("Dockerfile", "app/a.py"), "no secret reaches an image"
    assert content(tmp_path, dockerfile).tag != tag == tag_again


@pytest.mark.parametrize(
    "line",
    [
        *(
            "COPY a.py lib/",
            "copy a.py lib/",
            "  COPY --chown=1:1 a.py lib/",
            "COPY /a.py lib/",
            'COPY ["a.py", "lib/"]',
        ),
        *("COPY a.py \\\r\n  lib/\r", "ADD a.py https://example.com/b.tar lib/"),
    ],
)
def test_what_is_copied_is_part_of_the_content_however_it_is_written(tmp_path, line):
    (tmp_path / "a.py").write_text("a = 1\n")

    assert content(tmp_path, f"FROM x\n{line}\n").files == ("Dockerfile", "a.py")


def test_a_line_that_nobody_can_read_is_named(tmp_path):
    for line in ('COPY "a b lib/', 'COPY ["a.py", lib/]'):
        with pytest.raises(BadFile, match=r"(?s)Dockerfile:.*COPY .*cannot be read"):
            content(tmp_path, f"FROM x\n{line}\n")
    with pytest.raises(Refused, match=r"copies \.\./a\.py, which is not in"):
        content(tmp_path, "FROM x\nCOPY ../a.py lib/\n")


def test_a_file_that_is_gone_by_the_time_it_is_read_is_named(tmp_path):
    (tmp_path / "a.py").write_text("a = 1\n")
    made = content(tmp_path, "FROM x\nCOPY a.py lib/\n")
    (tmp_path / "a.py").unlink()

    with pytest.raises(BadFile, match=r"a\.py:\n  - no such file"):
        assert made.tag
    with pytest.raises(BadFile, match=r"a\.py:\n  - no such file"):
        assert Package(tmp_path, tmp_path / "p.py", (tmp_path / "a.py",), 30).tag


def test_a_template_of_another_shape_is_named(tmp_path):
    path = tmp_path / "template.json"
    for text, words in (("[]", "which is one JSON object"), ('{"parameters": {}, "resources": ["a"]}', "want one tag")):
        path.write_text(text)
        with pytest.raises(BadFile, match=words):
            tag_of(path)


def test_a_template_with_the_line_ends_of_windows_has_its_parameters(tmp_path):
    path = tmp_path / "template.yaml"
    path.write_bytes(b"Parameters:\r\n  Tasks:\r\n    Type: Number\r\n    Default: 2\r\nResources:\r\n")

    assert parameters_of(template_text(path)) == {"Tasks": False}
