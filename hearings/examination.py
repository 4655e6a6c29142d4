"""A recording read to its end: which sound of it is heard, what that is like, and what is wrong."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from hearings import ffmpeg, loudness, soundness, tracks, validation
from hearings.analysis import Analysis, OnProgress, OnSound, TooLong, analyse
from hearings.ffmpeg import FfmpegMissing, MediaError, Probe
from hearings.policies import RecordingLimits
from hearings.soundness import Sound
from hearings.tracks import Choice, NoSuchTrack
from hearings.validation import Finding, StreamFacts

Keep = Callable[[str], AbstractContextManager[OnSound | None]]
# Gets the track that is heard, and gives what takes its decoded sound.


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of it."""

    analysis: Analysis | None
    # Without one, the findings say why there is none.
    findings: tuple[Finding, ...]
    track: str = ""
    # That was heard.
    choices: tuple[Choice, ...] = ()
    # That there are; none where the file could not be looked into.


def examined(
    path: Path,
    *,
    wanted: str,
    limits: RecordingLimits,
    on_progress: OnProgress | None,
    keep: Keep,
) -> Examined:
    """Read the sound that is *wanted* of the recording at *path*, and judge it.

    Of several audio streams, the loudest is heard where none is wanted. Raises FfmpegMissing.
    """
    try:
        claims = ffmpeg.probe(path)
    except FfmpegMissing:
        raise
    except MediaError as error:
        return Examined(None, (validation.unusable(error.code, str(error)),))
    try:
        track = tracks.chosen(wanted, claims.audio)
    except NoSuchTrack as error:
        found = validation.no_such_track(str(error))
        return Examined(None, (found,), wanted, tracks.choices(claims.audio))
    usable = _usable(claims, track, limits)
    if claims.audio and not usable:
        findings = _stream_findings(claims, tracks.decoded(track).position, limits)
        return Examined(None, findings, track, tracks.choices(claims.audio))
    levels = loudness.levels_of(path, claims, usable) if len(claims.audio) > 1 else {}
    if len(claims.audio) > 1 and not track:
        track = str(tracks.loudest(usable, levels) + 1)
    analysis, findings = _read(path, claims, track, limits, on_progress, keep)
    choices = tracks.choices(claims.audio, levels=levels, peaks=_peaks(analysis, track))
    if len(claims.audio) > 1 and not wanted:
        names = tuple(choice.name for choice in choices)
        findings += (validation.several_tracks(tracks.name_in(choices, track), names),)
    return Examined(analysis, findings, track, choices)


def _read(  # noqa: PLR0913, PLR0917 (what `examined` found out on the way)
    path: Path,
    claims: Probe,
    track: str,
    limits: RecordingLimits,
    on_progress: OnProgress | None,
    keep: Keep,
) -> tuple[Analysis | None, tuple[Finding, ...]]:
    try:
        with keep(track) as on_sound:
            analysis = analyse(
                path,
                limits=limits,
                claims=claims,
                track=tracks.decoded(track),
                on_progress=on_progress,
                on_sound=on_sound,
            )
    except FfmpegMissing:
        raise
    except TooLong as error:
        return None, validation.duration_findings(error.decoded_ms, limits)
    except MediaError as error:
        return None, (validation.unusable(error.code, str(error)),)
    return analysis, (
        *validation.duration_findings(analysis.duration_ms, limits),
        *soundness.findings(_sound_of(analysis, track)),
    )


def _sound_of(analysis: Analysis, track: str) -> Sound:
    return Sound(
        duration_ms=analysis.duration_ms,
        speech=analysis.speech,
        unreadable=analysis.unreadable,
        clipped_share=analysis.clipped_share,
        # Who chose a channel does not miss the other one.
        channel_peaks_dbfs=() if track in tracks.CHANNELS else analysis.channel_peaks_dbfs,
    )


def _peaks(analysis: Analysis | None, track: str) -> tuple[float | None, ...]:
    """Return how loud the channels of the first stream get, where that one was read."""
    if analysis is None or tracks.decoded(track).position:
        return ()
    return analysis.channel_peaks_dbfs


def _usable(claims: Probe, track: str, limits: RecordingLimits) -> tuple[int, ...]:
    """Return the positions of the streams that could be heard: of the wanted one, or of any."""
    positions = (
        [tracks.decoded(track).position]
        if track
        else range(len(claims.audio))[: tracks.MOST_STREAMS]
    )
    return tuple(at for at in positions if not _stream_findings(claims, at, limits))


def _stream_findings(claims: Probe, position: int, limits: RecordingLimits) -> tuple[Finding, ...]:
    used = claims.audio[position] if claims.audio else None
    facts = StreamFacts(
        stream_count=claims.stream_count,
        channels=used.channels if used else 0,
        sample_rate=used.sample_rate if used else 0,
    )
    return validation.stream_findings(facts, limits)
