"""Visitors of the pages."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in(User.objects.create_user("clerk", is_staff=True))


@pytest.fixture
def reader(db: None) -> Client:
    """Return somebody who is signed in and not staff."""
    return signed_in(User.objects.create_user("reader"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
