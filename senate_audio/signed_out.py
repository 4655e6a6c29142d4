"""What a part of a page gets that is asked for when its session is over."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponseRedirectBase
from django.shortcuts import resolve_url
from django.utils.cache import add_never_cache_headers
from django_htmx.http import HttpResponseClientRefresh

Answering = Callable[[HttpRequest], HttpResponseBase]


def whole_page_signs_in(answer: Answering) -> Answering:
    """Have the whole page load anew where a part of it would lead to the page for signing in.

    A middleware. The script follows redirects, and would show that page within this one.
    """

    def answering(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if request.headers.get("HX-Request") and _leads_to_signing_in(response):
            response = HttpResponseClientRefresh()
            add_never_cache_headers(response)
        return response

    return answering


def _leads_to_signing_in(response: HttpResponseBase) -> bool:
    if not isinstance(response, HttpResponseRedirectBase):
        return False
    return response.url.partition("?")[0] == resolve_url(settings.LOGIN_URL)
