"""What a person may overrule, and what not."""

import pytest

from hearings.validation import Finding, Severity, is_refused, overruled


def error(code: str) -> Finding:
    return Finding(code, Severity.ERROR, "It is wrong.", "Mend it.")


@pytest.mark.parametrize("code", ["date", "title_missing", "too_short"])
def test_a_person_may_go_on_in_spite_of_what_may_yet_work(code: str) -> None:
    assert not is_refused(overruled([error(code)]))


@pytest.mark.parametrize("code", ["too_long", "no_audio", "unreadable", "too_many_channels"])
def test_nobody_overrules_what_cannot_work(code: str) -> None:
    assert is_refused(overruled([error(code)]))


def test_an_overruled_finding_is_still_told() -> None:
    (finding,) = overruled([error("too_short")])

    assert (finding.severity, finding.message) == (Severity.WARNING, "It is wrong.")
