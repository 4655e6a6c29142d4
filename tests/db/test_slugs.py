"""Each hearing has an address of its own, whoever files one of the same title at the same time."""

import pytest
from django.db import IntegrityError, transaction

from hearings.models import CheckStatus, Hearing
from tests.at_once import at_once
from tests.factories import make_hearing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("title", ["Oversight of the Weather Service", "天气局"])
def test_a_second_hearing_of_a_title_has_an_address_of_its_own(title: str) -> None:
    first, second = make_hearing(title=title), make_hearing(title=title)

    assert second.slug.startswith(f"{first.slug}-")


@pytest.mark.django_db(transaction=True)
def test_hearings_of_one_title_may_be_filed_at_once() -> None:
    def file() -> str:
        with transaction.atomic():
            return make_hearing(title="Oversight").slug

    slugs = at_once([file] * 4)

    assert len(set(slugs)) == 4 == Hearing.objects.count()


def test_what_the_database_refuses_for_another_reason_stays_refused() -> None:
    with pytest.raises(IntegrityError):
        make_hearing(check_status=CheckStatus.ACCEPTED, duration_ms=None)
