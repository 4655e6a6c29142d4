"""What we were given: committees, people, recordings, and what was found about them."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from hearings import tracks
from hearings.spans import Span, from_json, from_json_in
from hearings.tracks import Choice


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
        if not self.slug:
            self.slug = self._free_slug()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("hearing", args=[self.slug])

    def _free_slug(self) -> str:
        """Return the title as a slug, with a suffix of its own where the slug is taken."""
        base = slugify(self.title)[:90].strip("-") or "hearing"
        taken = Hearing.objects.filter(slug=base).exists()
        return f"{base}-{uuid.uuid4().hex[:8]}" if taken else base

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


class RecordingAnalysis(models.Model):
    """What one pass over the recording's sound showed."""

    hearing = models.OneToOneField(Hearing, on_delete=models.CASCADE, related_name="analysis")
    track = models.CharField(max_length=8, blank=True)
    # The sound that it is of, also where nobody chose one; empty: the only one there is.
    duration_ms = models.PositiveBigIntegerField()
    mean_dbfs = models.FloatField(null=True)
    # Root mean square of the whole, relative to full scale; null for digital silence.
    peak_dbfs = models.FloatField(null=True)
    speech = models.JSONField()
    # [[start_ms, end_ms], …], disjoint and in order.
    unreadable = models.JSONField(default=list)
    # The same, where the decoder reported damage.
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "recording analyses"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="analysis_track_is_one", condition=Q(track__in=tracks.TRACKS)
            ),
        ]

    def __str__(self) -> str:
        return f"analysis of {self.hearing}"

    @property
    def speech_spans(self) -> tuple[Span, ...]:
        return from_json(self.speech)

    def speech_in(self, bounds: Span) -> tuple[Span, ...]:
        """Return the speech inside *bounds*."""
        return from_json_in(self.speech, bounds)

    @property
    def unreadable_spans(self) -> tuple[Span, ...]:
        return from_json(self.unreadable)


class ValidationFinding(models.Model):
    """One thing that the checks found, in words for the person who uploaded the recording."""

    class Severity(models.TextChoices):
        ERROR = "error", "Error"
        WARNING = "warning", "Warning"

    hearing = models.ForeignKey(Hearing, on_delete=models.CASCADE, related_name="findings")
    code = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=Severity)
    message = models.TextField()
    # What is wrong, and where.
    advice = models.TextField(blank=True)
    # What to do about it.
    measured = models.CharField(max_length=200, blank=True)
    needed = models.CharField(max_length=200, blank=True)
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["severity", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hearing", "code"], name="finding_once_per_hearing"),
        ]

    def __str__(self) -> str:
        return self.message


class StorageCheck(models.Model):
    """One look at all that is kept, asked for by a person and done by workers. One at a time.

    ``status``: UNDER_WAY → DONE | FAILED.
    """

    class Status(models.TextChoices):
        UNDER_WAY = "under_way", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    status = models.CharField(max_length=10, choices=Status, default=Status.UNDER_WAY)
    repairs = models.BooleanField(default=False)
    # Whether it also mends what it may.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    host = models.CharField(max_length=160, blank=True)
    # Whose disks were looked at.
    done_until = models.PositiveBigIntegerField(default=0)
    # The key of the last hearing whose recording was compared; another worker goes on after it.
    recordings = models.PositiveIntegerField(default=0)
    # Compared so far …
    recording_bytes = models.PositiveBigIntegerField(default=0)
    # … and how long they are together.
    too_young = models.PositiveIntegerField(default=0)
    # Files that no row names and that may be on their way in.
    problems = models.JSONField(default=list)
    # As `storage_problems.Problem.to_json` writes them.
    reason = models.TextField(blank=True)
    # Why it failed, for a person.

    class Meta:
        ordering: ClassVar = ["-id"]
        default_permissions = ()
        permissions: ClassVar = [("repair_storage", "Can repair the storage")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["status"],
                condition=Q(status="under_way"),
                name="one_storage_check_at_a_time",
            ),
            models.CheckConstraint(
                name="storage_check_finished_iff_over",
                condition=Q(status="under_way", finished_at__isnull=True)
                | (~Q(status="under_way") & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"storage check {self.pk}"


class Removal(models.Model):
    """That a recording was removed: by a person, or because its retention period was over.

    The record of it, for good; and a reminder, for until its file is gone.
    """

    class Act(models.TextChoices):
        DELETED = "deleted", "Deleted with its hearing"
        REPLACED = "replaced", "Replaced by another"
        EXPIRED = "expired", "Kept long enough"

    act = models.CharField(max_length=10, choices=Act)
    hearing = models.ForeignKey(
        Hearing, on_delete=models.SET_NULL, null=True, related_name="removals"
    )
    # For as long as it is there.
    title = models.CharField("hearing", max_length=300)
    date = models.DateField("held on")
    recording = models.CharField(max_length=200)
    # Where storage had it.
    recording_name = models.CharField("file name", max_length=300, blank=True)
    recording_bytes = models.PositiveBigIntegerField("size")
    recording_sha256 = models.CharField("SHA-256", max_length=64)
    what_went = models.TextField()
    # A sentence for a person.
    what_stays = models.TextField(blank=True)
    # The same.
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    removed_name = models.CharField("by", max_length=150)
    # Stays when the account goes.
    removed_at = models.DateTimeField(auto_now_add=True)
    is_file_gone = models.BooleanField(default=False)
    # The file is deleted once the removal is certain; until then somebody has to.

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = "removed recording"
        default_permissions: ClassVar = ["view"]
        constraints: ClassVar = [
            models.CheckConstraint(name="removed_by_somebody", condition=~Q(removed_name="")),
            models.CheckConstraint(
                name="removal_names_what_is_to_go",
                condition=Q(is_file_gone=True) | ~Q(recording=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["id"], name="removals_to_be_swept", condition=Q(is_file_gone=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.recording_name or 'recording'}"
