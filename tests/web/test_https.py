"""Behind a proxy that ends TLS: one switch, and nothing goes over the network in clear."""

import runpy
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db

SWITCHED = (
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SECURE_SSL_REDIRECT",
    "SECURE_REDIRECT_EXEMPT",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_HSTS_SECONDS",
)
BY_THE_PROXY = {"X-Forwarded-Proto": "https"}
LOGIN = "/admin/login/"


def read_settings() -> dict[str, Any]:
    return runpy.run_path(str(project.BASE_DIR / "senate_audio" / "settings.py"))


@pytest.fixture
def secured(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Have the settings that the switch makes."""
    monkeypatch.setenv("HTTPS", "on")
    read = read_settings()
    for name in SWITCHED:
        setattr(settings, name, read[name])


def sign_in(client: Client, headers: dict[str, str]) -> Any:
    User.objects.create_superuser("chief", password="a password")
    form = {"username": "chief", "password": "a password"}
    client.get(LOGIN, headers=headers)
    return client.post(LOGIN, form, headers=headers)


@pytest.mark.usefixtures("secured")
def test_what_comes_in_clear_is_led_to_https(client: Client) -> None:
    response = client.get("/")

    assert response.status_code == 301
    assert response["Location"] == "https://testserver/"


@pytest.mark.usefixtures("secured")
def test_what_the_proxy_hands_on_is_answered_and_is_to_stay_so(client: Client) -> None:
    response = client.get("/", headers=BY_THE_PROXY)

    assert response.status_code == 200
    assert response["Strict-Transport-Security"] == "max-age=86400"


@pytest.mark.usefixtures("secured")
def test_cookies_go_by_https_alone(client: Client) -> None:
    cookies = sign_in(client, BY_THE_PROXY).client.cookies

    assert {name for name in cookies if cookies[name]["secure"]} == {"sessionid", "csrftoken"}


@pytest.mark.usefixtures("secured")
def test_a_monitor_asks_in_clear(client: Client) -> None:
    assert client.get("/healthz?only=memory").status_code != 301
    assert client.get("/healthz/more").status_code == 301


def test_by_default_the_header_of_a_stranger_counts_for_nothing(client: Client) -> None:
    response = client.get("/", headers=BY_THE_PROXY)

    assert not response.wsgi_request.is_secure()
    assert "Strict-Transport-Security" not in response
    cookies = sign_in(client, {}).client.cookies
    assert not any(cookie["secure"] for cookie in cookies.values())
