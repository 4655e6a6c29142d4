"""Visitors of the pages, and a place of its own for what they upload."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in(User.objects.create_user("clerk", is_staff=True))


@pytest.fixture
def administrator(db: None) -> Client:
    return signed_in(User.objects.create_superuser("chief"))


@pytest.fixture
def recordings(settings: Settings, tmp_path: Path) -> Path:
    """Return the folder that recordings are kept in for this test."""
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path / "recordings"


@pytest.fixture
def reader(db: None) -> Client:
    """Return somebody who is signed in and not staff."""
    return signed_in(User.objects.create_user("reader"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
