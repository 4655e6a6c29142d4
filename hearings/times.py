"""Places in a recording as people write them."""


def clock(milliseconds: int) -> str:
    """Return a place or a length as a player shows it: 0:17, 1:02:03."""
    hours, minutes, seconds = _parts(milliseconds)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def full_clock(milliseconds: int) -> str:
    """Return the same with every part, for what is compared: 00:00:17, 01:02:03."""
    hours, minutes, seconds = _parts(milliseconds)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def _parts(milliseconds: int) -> tuple[int, int, int]:
    seconds = milliseconds // 1000
    return seconds // 3600, seconds // 60 % 60, seconds % 60
