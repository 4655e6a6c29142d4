"""How many chunks may be under way, by what memory was seen to do."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from transcription.policies import MemoryPolicy
from transcription.pressure import Machine, Sample, Verdict, judge

MB = 1024 * 1024
POLICY = MemoryPolicy(limit_bytes=1000 * MB, chunk_bytes=100 * MB)
MACHINE = Machine(memory_bytes=16_000 * MB, workers=5)
REST = 400 * MB

amounts = st.integers(0, 4_000).map(lambda mb: mb * MB)


def sample(used_mb: int, *, running: int = 0, at: float = 0.0, free_mb: int = 12_000) -> Sample:
    return Sample(at, used_mb * MB, free_mb * MB, running)


def chunks(*samples: Sample, rest: int = REST, policy: MemoryPolicy = POLICY) -> int:
    return judge(samples, rest_bytes=rest, machine=MACHINE, policy=policy).chunks


def test_what_is_left_of_the_limit_is_shared_among_chunks() -> None:
    assert chunks(sample(400)) == 4
    assert chunks(sample(600)) == 2
    assert chunks(sample(749)) == 1


def test_with_memory_to_spare_every_worker_may_hold_a_chunk_and_nothing_is_said() -> None:
    verdict = judge(
        [sample(100)],
        rest_bytes=100 * MB,
        machine=MACHINE,
        policy=replace(POLICY, limit_bytes=None),
    )

    assert verdict.chunks == MACHINE.workers
    assert not verdict.is_slower


def test_a_chunk_that_was_just_taken_counts_before_it_has_grown() -> None:
    assert [chunks(sample(400, running=running)) for running in range(6)] == [4] * 6


def test_a_chunk_that_uses_more_than_it_is_counted_with_leaves_less_for_others() -> None:
    assert chunks(sample(400 + 2 * 200, running=2)) == 2
    assert chunks(sample(400 + 2 * 230, running=2)) == 1


def test_under_pressure_one_goes_on() -> None:
    assert chunks(sample(5_000, running=3)) == 1
    assert chunks(sample(400, free_mb=0)) == 1


def test_little_memory_of_the_machine_counts_as_little_of_ones_own() -> None:
    spared = round(MACHINE.memory_bytes * (1 - POLICY.share)) // MB

    verdict = judge(
        [sample(400, free_mb=spared + 250)], rest_bytes=REST, machine=MACHINE, policy=POLICY
    )

    assert verdict.chunks == 2
    assert (verdict.used_bytes, verdict.limit_bytes) == ((16_000 - spared - 250) * MB, 16_000 * MB)


def test_growth_is_reckoned_with_and_a_peak_long_past_is_not() -> None:
    steady = [sample(600, at=at) for at in range(0, 20, 2)]
    growing = [sample(500 + 5 * at, at=at) for at in range(0, 22, 2)]

    assert chunks(*steady) == 2
    assert growing[-1].used_bytes == steady[-1].used_bytes
    assert chunks(*growing, policy=replace(POLICY, ahead_seconds=20)) == 1
    assert chunks(*growing, sample(600, at=100), sample(600, at=110)) == 2


def test_growth_by_a_chunk_that_was_taken_meanwhile_is_no_trend() -> None:
    taken = [sample(400, at=0), sample(400, at=6), sample(480, at=8, running=1)]

    assert chunks(*taken) == 4


def test_the_sentence_says_how_much_and_how_many() -> None:
    verdict = Verdict(chunks=2, of=3, used_bytes=812 * MB, limit_bytes=1_024 * MB)

    assert str(verdict) == "Slower: memory 812 of 1,024 MB in use; 2 of 3 chunks at once."


@given(used=amounts, more=amounts, free=amounts, running=st.integers(0, 8), rest=amounts)
def test_more_in_use_never_allows_more(
    used: int, more: int, free: int, running: int, rest: int
) -> None:
    less = chunks(Sample(0, used, free + more, running), rest=rest)
    after = chunks(Sample(0, used + more, free, running), rest=rest)

    assert 1 <= after <= less <= MACHINE.workers


@given(rest=amounts, each=st.integers(0, 100), limit=st.integers(1, 8_000))
def test_taking_what_is_allowed_never_passes_the_limit(rest: int, each: int, limit: int) -> None:
    """Where chunks use no more than they are counted with, taken one by one."""
    policy = replace(POLICY, limit_bytes=limit * MB)
    running = 0
    while running < MACHINE.workers:
        now = Sample(0, rest + running * each * MB, 12_000 * MB, running)
        if chunks(now, rest=rest, policy=policy) <= running:
            break
        running += 1

    allowed = round(limit * MB * policy.share)
    assert running <= 1 or rest + running * policy.chunk_bytes <= allowed
