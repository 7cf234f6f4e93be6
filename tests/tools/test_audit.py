"""The audit fails for what is known, and says of how much it can't tell."""

from tools.audit import judged

CLEAN = {"name": "a", "version": "1", "vulns": []}
KNOWN = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


def test_a_known_advisory_fails_and_is_named(capsys):
    assert judged([CLEAN, KNOWN]) == 1
    assert "audit: b 2: PYSEC-1" in capsys.readouterr().out


def test_what_cannot_be_told_is_no_pass_and_said(capsys):
    assert judged([CLEAN, SKIPPED]) == 0
    assert capsys.readouterr().out.strip() == "audit: 0 of 1 packages are known to be vulnerable; of 1 it can't be told"
