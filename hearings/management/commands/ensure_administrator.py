"""``manage.py ensure_administrator``: the first administrator, whose password is shown once."""

import secrets
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Make an administrator where there is none, and print the password once."

    def handle(self, **_: Any) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        User.objects.create_superuser("admin", password=password)
        self.stdout.write(
            f"An administrator was made. Name: admin   Password: {password}\n"
            "The password is not shown again; change it with “manage.py changepassword admin”."
        )
