"""Where recordings are cut."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import Span, clip_all, gaps, intersect, total_ms, union
from transcription.engines.base import BYTES_PER_MS, WAV_HEADER_BYTES, Capabilities
from transcription.planning import REQUEST_OVERHEAD_BYTES, Plan, plan, seams
from transcription.policies import ChunkingPolicy
from transcription.windows import LONG_PAUSE_MS, WINDOW_COST_MS, cut

POLICY = ChunkingPolicy()
HOSTED = Capabilities(
    is_hosted=True, word_times=False, decodes_windows=False, most_ms=None, most_bytes=26_214_400
)
WINDOWED = Capabilities(
    is_hosted=False, word_times=True, decodes_windows=True, most_ms=None, most_bytes=None
)


def talk(*lengths_ms: int, pause_ms: int = 400, start_ms: int = 0) -> list[Span]:
    """Return speech of these lengths, a pause after each."""
    spans = []
    for length in lengths_ms:
        spans.append(Span(start_ms, start_ms + length))
        start_ms += length + pause_ms
    return spans


def planned(speech: list[Span], capabilities: Capabilities = HOSTED, **wishes: int) -> Plan:
    duration = speech[-1].end_ms + 1_000 if speech else 60_000
    return plan(speech, duration, capabilities, POLICY, slots=3, **wishes)  # type: ignore[arg-type]


@st.composite
def speeches(draw: st.DrawFn) -> list[Span]:
    """Up to half an hour of talk with pauses of every length, and some without any."""
    spans, position = [], draw(st.integers(0, 60_000))
    for _ in range(draw(st.integers(1, 60))):
        length = draw(st.integers(200, 40_000))
        spans.append(Span(position, position + length))
        position += length + draw(st.sampled_from([20, 170, 400, 1_500, 5_000, 30_000]))
    return spans


def test_a_short_recording_is_one_request() -> None:
    assert planned(talk(8_000, 9_000)).method == "single"


def test_a_silent_recording_needs_no_request() -> None:
    assert planned([]).chunks == ()


def test_a_long_recording_is_cut_so_that_all_slots_work() -> None:
    result = planned(talk(*[9_600] * 36))

    assert result.method == "parallel"
    assert result.parallel == 3
    assert len(result.chunks) == 3


def test_sequential_is_one_at_a_time() -> None:
    result = plan(talk(*[9_600] * 90), 900_000, HOSTED, POLICY, slots=3, sequential=True)

    assert (result.method, result.parallel) == ("sequential", 1)


def test_nobody_gets_more_at_once_than_the_engine_has_slots() -> None:
    assert planned(talk(*[9_600] * 36), parallel=50).parallel == 3


def test_the_cut_is_in_the_deepest_pause_near_the_wanted_length() -> None:
    speech = [Span(0, 25_000), Span(25_200, 31_000), Span(31_900, 36_000), Span(36_200, 60_000)]

    result = planned(speech, chunk_ms=30_000)

    assert result.chunks[0].span.end_ms == 31_450


def test_talk_without_a_pause_is_cut_with_an_overlap() -> None:
    result = planned([Span(0, 100_000)], chunk_ms=30_000)

    first, second = result.chunks[0].span, result.chunks[1].span
    assert first.end_ms - second.start_ms == POLICY.overlap_ms


def test_a_recess_is_not_sent() -> None:
    speech = [Span(10_000, 40_000), Span(640_000, 670_000)]

    result = planned(speech)

    assert [chunk.span for chunk in result.chunks] == [
        Span(10_000 - POLICY.margin_ms, 40_000 + POLICY.margin_ms),
        Span(640_000 - POLICY.margin_ms, 670_000 + POLICY.margin_ms),
    ]


def test_a_request_fits_what_the_engine_takes() -> None:
    result = planned([Span(0, 7_200_000)], replace(HOSTED, most_ms=None), chunk_ms=36_000_000)

    longest = max(chunk.span.duration_ms for chunk in result.chunks)
    assert longest * BYTES_PER_MS + WAV_HEADER_BYTES + REQUEST_OVERHEAD_BYTES <= 26_214_400


@given(speeches())
def test_every_moment_of_speech_is_in_a_chunk(speech: list[Span]) -> None:
    for capabilities in (HOSTED, WINDOWED):
        result = planned(speech, capabilities)

        sent = union(chunk.span for chunk in result.chunks)
        assert all(not gaps(sent, stretch) for stretch in speech)


@given(speeches(), st.sampled_from([30_000, 60_000, None]))
def test_windows_do_not_depend_on_the_chunks(speech: list[Span], chunk_ms: int | None) -> None:
    wishes = {"chunk_ms": chunk_ms} if chunk_ms else {}

    windows = [w for c in planned(speech, WINDOWED, **wishes).chunks for w in c.windows]

    whole = planned(speech, WINDOWED, chunk_ms=12 * 3_600_000)
    assert windows == [w for c in whole.chunks for w in c.windows]


@given(speeches())
def test_no_window_is_longer_than_the_engine_hears(speech: list[Span]) -> None:
    result = planned(speech, WINDOWED)

    lengths = [w.duration_ms for chunk in result.chunks for w in chunk.windows]
    assert max(lengths) <= POLICY.window_ms


@given(speeches(), st.integers(20_000, 120_000))
def test_chunks_keep_near_the_wanted_length(speech: list[Span], chunk_ms: int) -> None:
    spans = [chunk.span for chunk in planned(speech, chunk_ms=chunk_ms).chunks]

    assert max(span.duration_ms for span in spans) <= chunk_ms * 5 // 4
    assert total_ms(spans) >= total_ms(speech)


def test_a_seam_is_where_pieces_touch_or_in_the_middle_of_what_they_share() -> None:
    pieces = [Span(26_000, 50_000), Span(0, 30_000), Span(50_000, 60_000)]

    assert seams(pieces) == (28_000, 50_000)


def test_pieces_with_a_silence_between_them_have_no_seam() -> None:
    assert seams([Span(0, 30_000), Span(34_000, 60_000)]) == ()


def windows_of(speech: list[Span]) -> list[Span]:
    return [w for chunk in planned(speech, WINDOWED).chunks for w in chunk.windows]


def test_pauses_that_are_all_alike_make_no_more_windows_than_need_be() -> None:
    windows = windows_of(talk(*[1_600] * 60))

    assert len(windows) == 5  # of 119.6 s
    assert all(window.end_ms % 2_000 == 1_800 for window in windows[:-1])  # a pause's middle


def test_windows_end_in_the_longest_pauses_also_where_they_are_shorter_for_it() -> None:
    speech = talk(*[1_600] * 8, pause_ms=170)
    speech += talk(*[1_600] * 8, pause_ms=170, start_ms=speech[-1].end_ms + 900)
    speech += talk(*[1_600] * 10, pause_ms=170, start_ms=speech[-1].end_ms + 700)

    first, second = windows_of(speech)

    assert first.end_ms == second.start_ms == speech[15].end_ms + 350
    assert first.duration_ms < POLICY.window_ms


def test_windows_share_some_seconds_where_somebody_talks_on_for_longer_than_one() -> None:
    first, second, third, last = windows_of(talk(9_600, 60_000, 9_600))

    assert (first.end_ms, second.end_ms - third.start_ms) == (9_800, POLICY.overlap_ms)
    assert second.duration_ms == third.duration_ms == POLICY.window_ms
    assert last.start_ms == third.end_ms - POLICY.overlap_ms


def costs(windows: list[Span], pauses: list[Span]) -> int:
    """Return what a plan costs, reckoned anew."""
    lengths = {pause.middle_ms: pause.duration_ms for pause in pauses}
    missing = sum(LONG_PAUSE_MS - min(lengths[w.end_ms], LONG_PAUSE_MS) for w in windows[:-1])
    return missing + WINDOW_COST_MS * len(windows)


@given(st.lists(st.sampled_from([170, 300, 500, 900, 1_500]), min_size=1, max_size=9), st.data())
def test_no_other_way_to_cut_windows_costs_less(pauses_ms: list[int], data: st.DataObject) -> None:
    position, pauses = 0, []
    for length in pauses_ms:
        position += data.draw(st.integers(1_000, 9_000))
        pauses.append(Span(position, position + length))
        position += length
    stretch = Span(0, position + 1_000)

    found = list(cut(stretch, pauses, most_ms=20_000, shared_ms=4_000))

    def ways(start: int, left: list[Span]) -> Iterator[list[Span]]:
        if stretch.end_ms - start <= 20_000:
            yield [Span(start, stretch.end_ms)]
        for index, pause in enumerate(left):
            if pause.middle_ms - start <= 20_000:
                for rest in ways(pause.middle_ms, left[index + 1 :]):
                    yield [Span(start, pause.middle_ms), *rest]

    assert costs(found, pauses) == min(costs(way, pauses) for way in ways(0, pauses))


@given(speeches())
def test_no_window_is_longer_than_whisper_hears_at_once(speech: list[Span]) -> None:
    windows = windows_of(speech)

    assert all(window.duration_ms <= POLICY.window_ms for window in windows)
    assert all(a < b and a.end_ms < b.end_ms for a, b in pairwise(windows))


@given(speeches(), st.sampled_from([HOSTED, WINDOWED]), st.data())
def test_of_nothing_outside_a_stretch_is_anything_planned_and_inside_of_all(
    speech: list[Span], capabilities: Capabilities, data: st.DataObject
) -> None:
    duration_ms = speech[-1].end_ms + 1_000
    start_ms = data.draw(st.integers(0, duration_ms - 1))
    within = Span(start_ms, data.draw(st.integers(start_ms + 1, duration_ms)))

    result = plan(speech, duration_ms, capabilities, POLICY, slots=3, within=within)

    pieces = [chunk.span for chunk in result.chunks]
    assert all(within.start_ms <= each.start_ms < each.end_ms <= within.end_ms for each in pieces)
    assert clip_all(speech, within) == intersect(speech, pieces)


def test_a_stretch_that_is_everything_changes_no_cut() -> None:
    speech = talk(*[9_600] * 36)
    whole = Span(0, speech[-1].end_ms + 1_000)

    assert plan(speech, whole.end_ms, HOSTED, POLICY, slots=3, within=whole) == planned(speech)
