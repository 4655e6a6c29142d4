import pytest

from transcription import reporting
from transcription.reporting import Reporter


@pytest.fixture
def every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "LINE_SECONDS", 0.0)


@pytest.mark.usefixtures("every_line")
def test_without_a_terminal_each_step_is_a_line_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Reporter(quiet=False).stage("Transcribing") as stage:
        stage.show(40, "2 of 5 chunks")
        stage.show(40, "2 of 5 chunks")
        stage.end("5 of 5 chunks")

    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "Transcribing: 40 % 2 of 5 chunks",
        "Transcribing: 100 % 5 of 5 chunks",
    ]
    assert out == ""


def test_lines_are_not_written_more_often_than_one_can_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Reporter(quiet=False).stage("Transcribing") as stage:
        for percent in range(90):
            stage.show(percent, "")

    assert capsys.readouterr().err == "Transcribing: 0 %\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(quiet=True)
    reporter.say("hello")
    with reporter.stage("Transcribing") as stage:
        stage.show(10, "")
        stage.end("")

    assert capsys.readouterr() == ("", "")


def test_a_message_is_written_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Reporter(quiet=False).say("See [bold]this[/bold] in /srv/[2026]/x.mp3 " + "long " * 60)

    assert capsys.readouterr().err.startswith("See [bold]this[/bold] in /srv/[2026]/x.mp3")


def test_a_title_in_brackets_is_no_markup_in_a_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter(quiet=False).stage("Checking") as stage:
        stage.end("[red]x")

    assert "[red]x" in capsys.readouterr().err


def test_on_a_terminal_there_are_bars(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    with Reporter(quiet=False).stage("Transcribing") as stage:
        stage.show(40, "2 of 5 chunks")
        stage.end("5 of 5 chunks")

    assert "━" in capsys.readouterr().err
