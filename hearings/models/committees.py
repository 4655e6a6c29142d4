"""Committees and their members, as shipped and as edited."""

from typing import ClassVar

from django.db import models


class Committee(models.Model):
    """A committee of the Senate, known by its code."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=200)
    chamber = models.CharField(max_length=20, default="senate")
    kind = models.CharField(max_length=20, default="standing")
    url = models.URLField(blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Member(models.Model):
    """A senator's seat on a committee."""

    committee = models.ForeignKey(Committee, on_delete=models.CASCADE, related_name="members")
    name = models.CharField(max_length=120)
    party = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=40, blank=True)
    role = models.CharField(max_length=40, default="member")

    class Meta:
        ordering: ClassVar = ["committee", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["committee", "name"], name="member_once_per_committee"),
        ]

    def __str__(self) -> str:
        return self.name


class ShippedRecord(models.Model):
    """What `load_committees` last wrote for one record, so that it can tell a person's edit."""

    key = models.CharField(max_length=160, unique=True)
    # "SCOM" for a committee, "SCOM/Maria Cantwell" for a member.
    values = models.JSONField()

    def __str__(self) -> str:
        return self.key
