"""What a watched cluster is said to be, by what was seen of it and when."""

from transcription.watchdog import HELPERS, Event, Report, Watch, WatchPolicy

POLICY = WatchPolicy(start=30, missing=5, quiet=10, again=4, patience=20, suspicion=12)
WORKERS = 2
ALL = frozenset(range(1, WORKERS + HELPERS + 1))
# Processes 1 and 2 are the workers.


def watched(*events: Event, pid: int = 1, now: float = 0.0) -> Watch:
    """Return a watch over a cluster that is ready, has all its processes and proved itself."""
    watch = Watch(workers=WORKERS, now=0, policy=POLICY)
    hear(watch, Event.READY, Event.CANARY, *events, pid=pid, now=now)
    watch.seen(ALL, now=now)
    watch.asked(now)
    watch.returned()
    return watch


def hear(watch: Watch, *events: Event, pid: int = 1, now: float = 0.0) -> None:
    watch.heard([Report(event, pid) for event in events], now=now)


def test_a_cluster_that_is_not_ready_in_its_time_has_failed() -> None:
    watch = Watch(workers=WORKERS, now=0, policy=POLICY)

    assert watch.complaint(30) is None
    assert watch.complaint(31) == "it was not ready after 30 s"


def test_a_cluster_has_to_prove_itself_as_soon_as_it_is_ready() -> None:
    watch = Watch(workers=WORKERS, now=0, policy=POLICY)
    assert not watch.wants_canary(1)

    hear(watch, Event.READY, now=1)

    assert watch.wants_canary(1)


def test_a_quiet_cluster_is_asked_and_a_lively_one_is_not() -> None:
    watch = watched()

    assert not watch.wants_canary(9)
    assert watch.wants_canary(10)
    hear(watch, Event.BEGUN, Event.ENDED, now=10)
    assert not watch.wants_canary(19)


def test_a_canary_that_nobody_takes_is_sent_again_and_then_complained_of() -> None:
    watch = watched()
    watch.asked(10)

    assert not watch.wants_canary(13)
    assert watch.wants_canary(14)
    watch.asked(14)
    assert watch.complaint(30) is None
    assert watch.complaint(30.1) == "no idle worker took a job for 20 s"


def test_any_job_that_is_taken_is_an_answer_for_now() -> None:
    watch = watched()
    watch.asked(10)

    hear(watch, Event.BEGUN, Event.ENDED, now=29)

    assert watch.complaint(49) is None
    assert watch.complaint(49.1)


def test_workers_in_the_middle_of_a_job_are_neither_asked_nor_complained_of() -> None:
    watch = watched()
    watch.asked(10)
    hear(watch, Event.BEGUN, pid=1, now=11)
    hear(watch, Event.BEGUN, pid=2, now=11)

    for now in range(12, 900):
        watch.seen(ALL, now=now)
        assert not watch.wants_canary(now)
        assert watch.complaint(now) is None

    hear(watch, Event.ENDED, pid=2, now=900)
    assert watch.wants_canary(900)


def test_one_idle_worker_among_busy_ones_has_to_answer() -> None:
    watch = watched(Event.BEGUN)
    watch.asked(10)

    watch.seen(ALL, now=31)

    assert watch.complaint(31)
    assert watch.busy == {1}


def test_the_end_of_a_process_has_the_others_asked_at_once_and_with_less_patience() -> None:
    watch = watched()

    assert watch.seen(ALL - {2}, now=5) == {2}

    assert watch.wants_canary(5)
    watch.asked(5)
    watch.seen(ALL, now=6)
    assert watch.complaint(17) is None
    assert watch.complaint(17.1) == "no idle worker took a job for 12 s"


def test_a_process_that_ends_while_a_canary_is_out_shortens_the_wait_but_not_to_nothing() -> None:
    watch = watched()
    watch.asked(10)
    watch.seen(ALL - {2}, now=28)
    watch.seen(ALL, now=28.5)

    assert watch.wants_canary(28.5)
    watch.asked(28.5)

    assert watch.complaint(30) is None
    assert watch.complaint(30.1)


def test_a_busy_worker_that_was_killed_is_busy_no_more() -> None:
    watch = watched(Event.BEGUN)

    watch.seen(ALL - {1}, now=1)

    assert watch.busy == frozenset()


def test_a_process_that_is_not_replaced_is_complained_of() -> None:
    watch = watched()
    watch.seen(ALL - {5}, now=1)

    assert watch.complaint(6) is None
    assert watch.complaint(6.1) == "1 of its processes ended and were not replaced"
    watch.seen(ALL, now=6.2)
    assert watch.complaint(6.3) is None


def test_a_canary_that_was_taken_and_never_done_with_is_complained_of() -> None:
    watch = watched()
    watch.asked(10)
    hear(watch, Event.CANARY, now=10)
    watch.asked(14)
    hear(watch, Event.CANARY, now=14)

    assert watch.complaint(30) is None
    assert watch.complaint(30.1) == "a job that was taken was not done with after 20 s"


def test_a_canary_that_came_back_ends_the_question() -> None:
    watch = watched()
    watch.asked(10)

    watch.returned()

    assert watch.complaint(1000) is None


def test_a_database_that_does_not_answer_is_not_the_clusters_fault() -> None:
    watch = watched()
    watch.asked(10)

    watch.excuse()

    assert watch.complaint(31) is None
    assert watch.wants_canary(31)
