"""A hearing, its recording, and who testified."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from hearings import tracks
from hearings.models.committees import Committee
from hearings.tracks import Choice


def recording_path(hearing: "Hearing", filename: str) -> str:  # noqa: ARG001 (Django's call)
    """Return where a recording is stored. The name is ours; the uploader's never reaches a path."""
    return f"recordings/{uuid.uuid4().hex}"


class HearingQuerySet(models.QuerySet["Hearing"]):
    def visible_to(self, user: Any) -> "HearingQuerySet":
        """Return what *user* may know of: staff everything, others what is published."""
        if user.is_active and user.is_staff:
            return self
        return self.filter(is_published=True)

    def unchecked(self) -> "HearingQuerySet":
        return self.filter(check_status=CheckStatus.CHECKING)


class CheckStatus(models.TextChoices):
    CHECKING = "checking", "Checking…"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"


class Hearing(models.Model):
    """One hearing and its recording.

    ``check_status``: CHECKING → ACCEPTED | REFUSED; a new recording starts again at CHECKING.
    """

    class Type(models.TextChoices):
        HEARING = "hearing", "Hearing"
        BUSINESS_MEETING = "business_meeting", "Business meeting"
        NOMINATION = "nomination", "Nomination hearing"
        FIELD_HEARING = "field_hearing", "Field hearing"
        BRIEFING = "briefing", "Briefing"
        OTHER = "other", "Other"

    title = models.CharField(max_length=300)
    slug = models.SlugField(max_length=120, unique=True, editable=False)
    committee = models.ForeignKey(
        Committee, on_delete=models.PROTECT, null=True, blank=True, related_name="hearings"
    )
    subcommittee = models.CharField(max_length=200, blank=True)
    date = models.DateField()
    type = models.CharField(max_length=20, choices=Type, default=Type.HEARING)
    location = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    language = models.CharField(
        max_length=8, default="en", help_text="Language spoken, as an ISO 639-1 code such as “en”."
    )
    is_closed = models.BooleanField(
        "closed",
        default=False,
        help_text="Executive session or embargo: never sent to a hosted engine.",
    )
    is_published = models.BooleanField(
        "published", default=False, help_text="Visitors who are not signed in may see it."
    )

    recording = models.FileField(upload_to=recording_path, max_length=200)
    recording_name = models.CharField("file name", max_length=300, editable=False)
    # As the uploader called it; shown, never used as a path.
    recording_bytes = models.PositiveBigIntegerField(editable=False)
    recording_sha256 = models.CharField("SHA-256", max_length=64, editable=False, db_index=True)
    duration_ms = models.PositiveBigIntegerField(null=True, editable=False)
    # Decoded; null until the recording was read to its end.
    track = models.CharField(max_length=8, blank=True, editable=False)
    # Which sound of the recording is the hearing's, as somebody chose it (`hearings.tracks`);
    # empty: the only one, or the loudest. What is heard is the analysis's to say.
    tracks = models.JSONField(default=list, editable=False)
    # What may be chosen, as `tracks.Choice`; empty until the recording was looked into.
    check_status = models.CharField(
        max_length=10, choices=CheckStatus, default=CheckStatus.CHECKING, editable=False
    )
    recording_stored_at = models.DateTimeField(default=timezone.now, editable=False)
    # When the recording came into storage, the last time that it did.
    recording_removed_at = models.DateTimeField(null=True, editable=False)
    # When it was deleted while the transcript stays; then `recording` is empty, all else is kept.
    recording_removed_why = models.CharField(max_length=200, blank=True, editable=False)

    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = HearingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-date", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="accepted_has_duration",
                condition=~Q(check_status="accepted")
                | Q(duration_ms__isnull=False, duration_ms__gt=0),
            ),
            models.CheckConstraint(
                name="hearing_track_is_one", condition=Q(track__in=tracks.TRACKS)
            ),
            models.CheckConstraint(
                name="recording_is_there_or_removed",
                condition=(Q(recording_removed_at__isnull=True) & ~Q(recording=""))
                | Q(recording_removed_at__isnull=False, recording=""),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.slug:
            super().save(*args, **kwargs)
            return
        self.slug = self._plain_slug()
        try:
            with transaction.atomic():
                super().save(*args, **kwargs)
        except IntegrityError:
            # Looking first would not do: two of one title may come at once.
            if not Hearing.objects.filter(slug=self.slug).exists():
                raise
            self.slug = f"{self.slug}-{uuid.uuid4().hex[:8]}"
            super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("hearing", args=[self.slug])

    def _plain_slug(self) -> str:
        """Return the title as a slug; where it is taken a suffix makes it one of its own."""
        return slugify(self.title)[:90].strip("-") or "hearing"

    @property
    def is_accepted(self) -> bool:
        return self.check_status == CheckStatus.ACCEPTED

    @property
    def track_choices(self) -> tuple[Choice, ...]:
        """Return the sounds that may be chosen; fewer than two where there is no choice."""
        return tuple(map(Choice.from_json, self.tracks))

    @property
    def heard(self) -> str:
        """Return in words which sound of the recording was analysed; "" for the only one."""
        analysis = getattr(self, "analysis", None)
        return tracks.name_in(self.track_choices, analysis.track) if analysis else ""


class Witness(models.Model):
    """Who testifies at a hearing."""

    hearing = models.ForeignKey(Hearing, on_delete=models.CASCADE, related_name="witnesses")
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=200, blank=True)
    organisation = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name_plural = "witnesses"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hearing", "name"], name="witness_once_per_hearing"),
        ]

    def __str__(self) -> str:
        return self.name
