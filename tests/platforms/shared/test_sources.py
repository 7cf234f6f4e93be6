"""What every source over a service must do, held to the service's own model of requests and answers."""

from __future__ import annotations

import json

import pytest

from harness.domain.reading import Absent, LineSource, RawSource, Series
from harness.words import said
from tests.platforms.shared.rigs import RIGS


@pytest.fixture(params=RIGS, ids=lambda rig: rig.__name__.removesuffix("Rig"))
def rig(request):
    return request.param()


def series(found):
    """The first series, its values alone."""
    return next([v for _, v in r.points] for r in found if isinstance(r, Series))


def test_values_come_with_their_query_unit_and_source(rig):
    found = rig.ok({10: 3.0}).read()
    one = next(r for r in found if isinstance(r, Series))

    assert one.unit
    assert one.source == rig.source.kind
    assert json.loads(one.query)


def test_a_gap_is_absent_with_a_reason_and_never_a_zero(rig):
    found = rig.ok({}).read()

    assert found
    assert all(isinstance(r, Absent) and r.reason and r.query and not r.failed for r in found)


@pytest.mark.parametrize("paged", [rig for rig in RIGS if rig.pages], ids=lambda rig: rig.__name__)
def test_pages_are_read_to_the_end_and_a_point_that_comes_twice_counts_once(paged):
    rig = paged()
    found = rig.ok({10: 3.0}, token="more").ok({10: 3.0, 70: 4.0}).read()

    assert len(series(found)) == 2


def test_what_lies_outside_of_the_window_is_left_out(rig):
    found = rig.ok({-3600: 1.0, 10: 2.0, 3600: 3.0}).read()

    assert len(series(found)) == 1


def test_a_refused_call_is_absent_with_the_services_own_words(rig):
    found = rig.refuse("AccessDeniedException").read()

    assert all(isinstance(r, Absent) and "words of the service" in said(r.reason) and r.failed for r in found)


def test_a_second_pull_finds_the_same_and_adds_nothing(rig):
    first = rig.ok({10: 3.0, 70: 4.0}).read()
    second = rig.ok({10: 3.0, 70: 4.0}).read()

    assert first == second


def test_answers_are_kept_as_they_came_as_lines_or_raw(rig):
    rig.ok({10: 3.0}).read()
    raw = rig.source.raw() if isinstance(rig.source, RawSource) else []
    kept = raw + (rig.source.lines(None) if isinstance(rig.source, LineSource) else [])

    assert kept
    assert "3.0" in json.dumps(kept, default=str) or "queryString" in json.dumps(kept, default=str)


def test_no_credential_stands_in_a_reading_or_in_what_is_kept(rig):
    found = rig.ok({10: 3.0}).read()
    kept = rig.source.raw() if isinstance(rig.source, RawSource) else []

    assert not any(secret in repr((found, kept)) for secret in ("planted-secret", "AKIDEXAMPLE"))
