"""The components of an installation, each with a real test that can fail.

A probe does what the work itself does, only smaller: it writes and reads, starts the program, asks
the server what costs nothing. It returns what it saw; what it raises is a failure too. Probes run
in threads of their own (`examining.py`).
"""

from transcription.examining import Examiner
from transcription.health import Component
from transcription.probes import engines, machine, stores, work

COMPONENTS = (
    Component(
        "database",
        "Database",
        stores.database,
        "A row can be written, read and taken back.",
        "See that the database runs, that DATABASE_URL names it and that its disk has room; after "
        "an update run “manage.py migrate”.",
    ),
    Component(
        "storage",
        "Storage",
        stores.storage,
        "A file can be written to the disk, read and deleted where recordings and answers are "
        "kept.",
        "See that the disk is mounted and has room, and that this user may write to MEDIA_ROOT "
        "and to “receipts” in DATA_DIR.",
    ),
    Component(
        "ffmpeg",
        "ffmpeg",
        machine.ffmpeg,
        "ffmpeg and ffprobe run.",
        "Install ffmpeg, on Debian or Ubuntu by “apt-get install ffmpeg”, and see that it is on "
        "the PATH of the web server and of the workers.",
    ),
    Component(
        "queue",
        "Queue",
        work.queue,
        "A worker has taken a job within the last minute, or is in the middle of one.",
        "Start “manage.py workers”. Where it runs, its log says what stops it.",
    ),
    Component(
        "engine",
        "Engine access",
        engines.access,
        "The engine of the settings can be used, with the model that they name.",
        "See the settings of the engine: TRANSCRIPTION_ENGINE, its key and its model.",
        deadline_seconds=engines.LONGEST_LOOK_SECONDS + 2,
        fresh_seconds=60.0,
    ),
    Component(
        "limiter",
        "Limiter",
        work.limiter,
        "Hosted engines may be asked.",
        "Look under Limits.",
    ),
    Component(
        "scratch",
        "Scratch space",
        machine.scratch,
        "The folder can be written to, is this user’s alone, and holds no more than "
        "SCRATCH_LIMIT_MB.",
        "See that SCRATCH_DIR is a folder of the user who runs the workers, with mode 700, on a "
        "disk with room. Without it slices are cut from the recording, which takes longer.",
    ),
    Component(
        "memory",
        "Memory",
        machine.memory,
        "500 MB are available, and less than 85 % is in use.",
        "End what else needs memory on this machine, or lower WORKERS.",
    ),
    Component(
        "disk",
        "Disk space",
        machine.disk,
        "2 GB are free where recordings, answers and scratch files are kept.",
        "Free some space, or move the folder to a larger disk.",
    ),
    Component(
        "models",
        "Model files",
        engines.models,
        "The files of the local model are there, each with its SHA-256.",
        "Fetch them again: “manage.py fetch_model base”.",
        deadline_seconds=20.0,
        # 145 MB may have to be read from a slow disk; while they do not change, once.
    ),
)

examiner = Examiner(COMPONENTS)
# One a process: what it knows is shared by all pages.
