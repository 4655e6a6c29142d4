"""What a host must have: each rule at both of its edges."""

from dataclasses import replace

import pytest

from transcription.host_rules import (
    ClusterFacts,
    HostFacts,
    Needs,
    Place,
    findings,
    needs_of,
)
from transcription.policies import ReadinessPolicy

MB = 1024 * 1024
POLICY = ReadinessPolicy(
    spare_disk_bytes=100 * MB, least_disk_bytes=10 * MB, silent_workers_seconds=960
)
NEEDS = Needs(is_hosted=True, room={"receipts": 10 * MB, "recordings": 0, "scratch": 100 * MB})


def place(name: str, device: int, free_mb: int) -> Place:
    return Place(name, f"/{name}", device, free_mb * MB)


GOOD = HostFacts(
    memory_bytes=4096 * MB,
    load_per_core=0.5,
    ffmpeg_version="5.1.6-0+deb12u1",
    places=(place("receipts", 1, 9_000), place("scratch", 2, 9_000)),
    clusters=(ClusterFacts(3.0),),
)


def codes(needs: Needs = NEEDS, **facts: object) -> dict[str, str]:
    found = findings(replace(GOOD, **facts), needs, POLICY)  # type: ignore[arg-type]
    return {finding.code: finding.severity.value for finding in found}


def test_a_good_host_has_no_findings() -> None:
    assert codes() == {}


@pytest.mark.parametrize(
    ("is_hosted", "free_mb", "found"),
    [
        (True, 512, {}),
        (True, 511, {"memory": "warning"}),
        (True, 95, {"memory": "error"}),
        (False, 1024, {}),
        (False, 1023, {"memory": "warning"}),
        (False, 255, {"memory": "error"}),
    ],
)
def test_memory_is_enough_for_where_the_model_runs(
    is_hosted: bool,
    free_mb: int,
    found: dict[str, str],
) -> None:
    assert codes(replace(NEEDS, is_hosted=is_hosted), memory_bytes=free_mb * MB) == found


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ([place("receipts", 1, 122)], {}),
        ([place("receipts", 1, 121)], {"disk_receipts": "warning"}),
        ([place("receipts", 1, 31)], {"disk_receipts": "error"}),
        ([place("scratch", 1, 319)], {"scratch": "warning"}),
        ([place("scratch", 1, 0)], {"scratch": "warning"}),
        ([place("receipts", 1, 341), place("scratch", 1, 341)], {"disk_receipts": "warning"}),
        ([place("receipts", 1, 343), place("scratch", 1, 343)], {}),
        (
            [place("receipts", 1, 1), place("recordings", 2, 1)],
            {"disk_receipts": "error", "disk_recordings": "error"},
        ),
    ],
    ids=[
        *("enough", "little", "too little", "little scratch", "no scratch"),
        *("little for both", "enough for both", "two full disks"),
    ],
)
def test_each_disk_has_room_for_what_is_kept_on_it_together(
    places: list[Place], found: dict[str, str]
) -> None:
    assert codes(places=tuple(places)) == found


def test_a_shortage_names_the_folder_what_is_there_and_what_is_needed() -> None:
    facts = replace(GOOD, places=(place("receipts", 1, 20),))

    (finding,) = findings(facts, NEEDS, POLICY)

    assert "receipts: 20 MB." in finding.message
    assert "(/receipts)" in finding.advice
    assert (finding.measured, finding.needed) == ("20 MB", "at least 32 MB")


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("4.3", {}),
        ("n7.1", {}),
        ("N-120000-gabcdef", {}),
        ("4.2.7-0ubuntu0.1", {"ffmpeg_old": "warning"}),
        (None, {"ffmpeg": "error"}),
    ],
)
def test_ffmpeg_is_there_and_new_enough(version: str | None, found: dict[str, str]) -> None:
    assert codes(ffmpeg_version=version) == found


@pytest.mark.parametrize(
    ("clusters", "found"),
    [
        (None, {}),
        ((), {"workers_missing": "warning"}),
        ((ClusterFacts(961.0),), {"workers_silent": "warning"}),
        ((ClusterFacts(961.0), ClusterFacts(960.0)), {}),
    ],
)
def test_workers_are_alive_and_take_jobs(
    clusters: tuple[ClusterFacts, ...] | None, found: dict[str, str]
) -> None:
    assert codes(clusters=clusters) == found


@pytest.mark.parametrize(("load", "found"), [(2.0, {}), (2.1, {"processor": "warning"})])
def test_a_busy_machine_is_told(load: float, found: dict[str, str]) -> None:
    assert codes(load_per_core=load) == found


def test_needs_grow_with_the_recording_and_scratch_has_its_limit() -> None:
    hour, ten = (
        needs_of(hours * 3_600_000, is_hosted=True, unstored_bytes=7, most_scratch_bytes=2**30)
        for hours in (1, 10)
    )

    assert hour.room == {"receipts": 60 * 64 * 1024, "recordings": 7, "scratch": 115_200_000}
    assert ten.room["receipts"] == 10 * hour.room["receipts"]
    assert ten.room["scratch"] == 2**30
