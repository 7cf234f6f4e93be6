"""A base URL is an origin and a path, and no place for a secret; what is refused is not repeated."""

import pytest

from harness.domain.address import problem_of, without_secrets


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080", "https://chat.example.com", "https://chat.example.com/api/v2/", "http://[::1]:80/x"],
)
def test_an_origin_with_a_path_is_one(url):
    assert problem_of(url) is None


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("chat.example.com", "want http:// or https://"),
        ("ftp://chat.example.com", "want http:// or https://"),
        ("https://", "with a host"),
        ("https://chat.example.com:99999", "is not a URL"),
        ("https://user:hunter2@chat.example.com", "holds a name or password"),
        ("https://token@chat.example.com", "holds a name or password"),
        ("https://chat.example.com/v1?key=hunter2", "want no ? or # part"),
        ("https://chat.example.com/#hunter2", "want no ? or # part"),
    ],
)
def test_anything_else_is_refused_without_its_secret(url, says):
    problem = problem_of(url)

    assert says in problem
    assert "hunter2" not in problem


def test_it_is_shown_without_its_secrets():
    assert without_secrets("https://user:hunter2@chat.example.com/a") == "https://chat.example.com/a"
    assert without_secrets("https://chat.example.com/a?key=hunter2#hunter2") == "https://chat.example.com/a"
    assert without_secrets("https://chat.example.com/a") == "https://chat.example.com/a"
