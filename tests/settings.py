"""The project's settings, but for what tests want otherwise."""

import atexit
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

_DATA_DIR = os.environ.get("DATA_DIR") or Path(__file__).resolve().parent.parent / "data"
os.environ.setdefault("MODELS_DIR", f"{_DATA_DIR}/models")
# Kept for pytest's workers, which are started with the DATA_DIR of this process.
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="senate-audio-tests-")
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
os.environ["SCRATCH_DIR"] = f"{os.environ['DATA_DIR']}/scratch"
for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TRANSCRIPTION_ENGINE", "MEDIA_ROOT"):
    os.environ[name] = ""

from senate_audio.settings import *  # noqa: E402, F403
from senate_audio.settings import (  # noqa: E402
    DATABASES,
    READINESS,
    STATIC_ROOT,
    STORAGES,
)

ALIGN_WORDS = False  # most texts of tests are of no sound
DISPATCHER = "transcription.dispatch.ImmediateDispatcher"
MODELS_DIR = Path(os.environ["MODELS_DIR"])  # where `make model` puts them
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns where there is none
READINESS = replace(  # the machine that tests run on may be busy, and short of memory
    READINESS, most_load_per_core=1e6, hosted_memory_bytes=0, embedded_memory_bytes=0
)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, not memory: tests with threads and processes open connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": Path(os.environ["DATA_DIR"]) / "test.sqlite3"}
