"""What a person says of a hearing, and the recording they hand in with it."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import INPUT_CLASSES, UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from hearings import intake
from hearings.models import Hearing
from hearings.tracks import CHANNELS, Choice, proposed
from hearings.upload_answers import Refusal
from hearings.uploads import most_bytes

PUT_BACK = " Its sound was gone from there and is back now."
ACCESS = ("is_closed", "is_published")
FORMATS = "MP3, M4A, WAV, FLAC, OGG, WebM or MP4, with sound."


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": " ".join(INPUT_CLASSES)} | (attrs or {}), format="%Y-%m-%d")


class HearingForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A hearing that is filed already; its recording stays as it is."""

    sound = forms.ChoiceField(
        label="Sound track",
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Which sound is the hearing’s. Another one is checked anew; what was transcribed "
        "stays until you transcribe again. The player on the pages plays what the browser chooses.",
    )

    # Which fields it has, `admin.HearingAdmin` says.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & set(ACCESS):
            # A form that was opened before somebody else closed the hearing does not open it again.
            self.fields[name].show_hidden_initial = self.instance.pk is not None
        if not (choices := _tracks(self.instance)):
            del self.fields["sound"]
            return
        self.fields["sound"].choices = choices  # type: ignore[attr-defined]  # a plain Field to mypy
        self.initial["sound"] = self.instance.track

    def clean_language(self) -> str:
        code: str = self.cleaned_data["language"].strip().lower()
        if not re.fullmatch(r"[a-z]{2}", code):
            raise ValidationError("Write the language as its two-letter code, such as “en”.")
        return code


class RecordingField(forms.FileField):
    """A recording, sent with a progress bar where scripts run (`static/upload.js`)."""

    def __init__(self) -> None:
        super().__init__(
            label="Recording",
            help_text=FORMATS,
            widget=UnfoldAdminFileFieldWidget(attrs={"accept": "audio/*,video/*"}),
            error_messages={"required": "Choose the recording of the hearing."},
        )


class TakesRecording(forms.BaseForm):
    """A form with a recording, which `intake` has taken or refused by then."""

    refusal: Refusal | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["upload"]
        field.required = self.refusal is None
        field.widget.attrs["data-most-bytes"] = most_bytes()

    def clean_upload(self) -> Any:
        if self.refusal:
            raise ValidationError(_sentences(self.refusal))
        return self.cleaned_data["upload"]


class UploadForm(TakesRecording, HearingForm):
    """A new hearing with its recording."""

    upload = RecordingField()


class ReplacementForm(TakesRecording, forms.Form):
    """Another recording for a hearing that has one."""

    upload = RecordingField()

    def __init__(self, *args: Any, refusal: Refusal | None, **kwargs: Any) -> None:
        self.refusal = refusal
        super().__init__(*args, **kwargs)


def _tracks(hearing: Hearing) -> list[tuple[str, str]]:
    """Return the sounds to choose from, with how loud each is; none where there is no choice."""
    there = hearing.track_choices
    if len(there) <= 1:
        return []
    best = proposed(there)
    otherwise = f"The loudest: {best.name} (proposed)" if best else "All of it (proposed)"
    return [("", otherwise), *((each.track, _told(each)) for each in there)]


def _told(choice: Choice) -> str:
    if choice.level_dbfs is None:
        return choice.name
    level = f"{choice.level_dbfs:.0f} dBFS".replace("-", "−")
    how = "loudest moment" if choice.track in CHANNELS else "on average"
    return f"{choice.name}, {how} {level}"


def _sentences(refusal: Refusal) -> list[str | SafeString]:
    match refusal:
        case intake.Refused(findings=findings):
            return [f"{finding.message} {finding.advice}".strip() for finding in findings]
        case intake.RecordingKnown(hearing=hearing, is_put_back=is_put_back):
            address = reverse("admin:hearings_hearing_change", args=[hearing.pk])
            known = "This recording is already filed as <a href='{}' class='underline'>{}</a>.{}"
            return [format_html(known, address, hearing, PUT_BACK if is_put_back else "")]
    return [str(refusal)]
