"""``python -m tests.fake_api``: the server as a process of its own, until SIGTERM or SIGINT.

Prints its URL on the first line. Appends each call to the log when it ends: see `LoggedCall`.
Takes commands meanwhile: see `control`.
"""

import argparse
import signal
import sys
from math import inf
from pathlib import Path

from tests.fake_api.control import chance
from tests.fake_api.quotas import Quota
from tests.fake_api.recordings import KnownRecording
from tests.fake_api.server import FakeApi


def arguments_of(line: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fake_api")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that an answer takes")
    parser.add_argument("--delay-per-second", type=float, default=0.0, help="of audio, besides")
    parser.add_argument("--log", type=Path, help="JSON lines, one a finished call")
    parser.add_argument("--recording", type=Path, help="16 kHz mono s16 samples; needs --script")
    parser.add_argument("--script", type=Path, help="its words: see KnownRecording.save")
    parser.add_argument("--known-key", help="refuse all others")
    parser.add_argument("--requests", type=float, default=inf, help="at most, per window")
    parser.add_argument("--per-seconds", type=float, default=60.0, help="the window's length")
    parser.add_argument("--at-once", type=float, default=inf, help="at most")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[:ARGUMENT…]=SHARE")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    parser.add_argument("--fault-tries", type=int, default=3, help="no fault after so many a slice")
    return parser.parse_args(line)


def server_for(options: argparse.Namespace) -> FakeApi:
    api = FakeApi(
        known_key=options.known_key,
        host=options.host,
        port=options.port,
        keeps_sound=False,
        log=options.log,
    )
    api.delay_seconds = options.delay
    api.delay_per_second = options.delay_per_second
    api.enforce(Quota(options.requests, options.per_seconds, options.at_once))
    if options.recording:
        api.answer = KnownRecording.load(options.recording, options.script)
    if options.fault:
        shares = dict(fault.rsplit("=", 1) for fault in options.fault)
        api.plan(chance({"shares": shares, "seed": options.seed, "tries": options.fault_tries}))
    return api


def main() -> int:
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with server_for(arguments_of()) as api:
        print(api.url, flush=True)  # noqa: T201 (for who started it)
        signal.sigwait(ends)
        mistakes, api.mistakes = api.mistakes, []
    for mistake in mistakes:
        print(f"The fake API failed: {mistake!r}", file=sys.stderr)  # noqa: T201
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
