"""A base URL with a path, as an API Gateway stage has one, is asked under that path."""

from tests.fakes import ScriptedServer
from tests.load.run import questions_file, run


def test_requests_go_below_the_base_urls_path(tmp_path):
    server = ScriptedServer()
    try:
        done = run(
            tmp_path,
            *("--host", f"{server.url}/stage", "--rate", "10", "--duration", "1", "--warmup", "0", "--mode", "json"),
            *("--questions", str(questions_file(tmp_path, ["ok"]))),
        )
    finally:
        server.close()

    assert done.json("ledger.json")["outcomes"] == {"ok": 10}, done.output
    assert set(server.paths) == {"/stage/v1/meta", "/stage/v1/chat"}
