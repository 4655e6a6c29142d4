"""The admin's menu: the models that one may see, and the pages that belong to none."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the menu, in Unfold's form."""
    models = [
        {
            "title": app["name"],
            "items": [
                {"title": escape(model["name"]), "link": model["admin_url"]}
                for model in app["models"]
                if model["admin_url"]
            ],
        }
        for app in admin.site.get_app_list(request)
    ]
    health = {"title": "Health", "link": reverse("health")}
    storage = {"title": "Storage", "link": reverse("storage")}
    return [*models, {"title": "Operation", "items": [health, storage]}]
