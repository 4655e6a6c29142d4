"""Every setting, read from the environment or a `.env` file beside manage.py."""

import os
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from hearings.policies import CleanUp, RecordingLimits, RetentionPolicy, ScratchPolicy
from senate_audio.kept_secret import kept_secret
from transcription.policies import (
    BudgetPolicy,
    ChunkingPolicy,
    LeasePolicy,
    MemoryPolicy,
    RatePolicy,
    ReadinessPolicy,
    RetryPolicy,
)

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")


def _optional(name: str) -> str | None:
    """Return a setting, or None where it is missing or empty."""
    return env.str(name, default="").strip() or None


def _dollars(name: str) -> Decimal | None:
    """Return an amount that is not negative; None for none."""
    value = _optional(name)
    if value is None:
        return None
    amount = Decimal(value) if value.replace(".", "", 1).isdecimal() else Decimal(-1)
    if amount < 0:
        raise ImproperlyConfigured(f"{name} is no amount such as 0.006: {value}")
    return amount


def _clean_up(name: str) -> CleanUp:
    """Return when scratch files go."""
    value = env.str(name, default=CleanUp.ON_PRESSURE.value)
    if value not in set(CleanUp):
        raise ImproperlyConfigured(f"{name} is none of {', '.join(CleanUp)}: {value}")
    return CleanUp(value)


def _days(name: str) -> int | None:
    """Return a number of whole days, at least one; None for none."""
    value = _optional(name)
    if value is None or value == "0":
        return None
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is no number of days such as 365: {value}")
    return int(value)


# What must last --------------------------------------------------------------------------------

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data"))).resolve()
RECEIPTS_DIR = DATA_DIR / "receipts"
MEDIA_ROOT = Path(_optional("MEDIA_ROOT") or DATA_DIR / "media")
STATIC_ROOT = DATA_DIR / "static"
MODELS_DIR = DATA_DIR / "models"

# Who may connect -------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = _optional("SECRET_KEY") or kept_secret(DATA_DIR / "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Composition -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_q",
    "hearings",
    "transcription",
    "senate_audio",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "senate_audio.urls"
WSGI_APPLICATION = "senate_audio.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Database --------------------------------------------------------------------------------------

DATABASES = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'senate_audio.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several processes write. WAL lets readers go on meanwhile, IMMEDIATE takes the write lock at
    # the start of a transaction instead of failing in its middle, FULL survives a power cut.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Files -----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_HANDLERS = ["hearings.uploads.RecordingUploadHandler"]

# Language and time -----------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("TIME_ZONE", default="America/New_York")
USE_TZ = True
USE_I18N = False

# What may be uploaded --------------------------------------------------------------------------

RECORDING_LIMITS = RecordingLimits(
    max_bytes=env.int("MAX_UPLOAD_MB", default=5120) * 1024 * 1024,
    max_duration_ms=round(env.float("MAX_RECORDING_HOURS", default=12.0) * 3_600_000),
)

RETENTION = RetentionPolicy(days=_days("RETENTION_DAYS"))

# What may be lost ------------------------------------------------------------------------------

SCRATCH = ScratchPolicy(
    folder=_optional("SCRATCH_DIR") or f"{tempfile.gettempdir()}/senate-audio-{os.getuid()}",
    max_bytes=env.int("SCRATCH_LIMIT_MB", default=2048) * 1024 * 1024,
    clean_up=_clean_up("SCRATCH_CLEAN_UP"),
)

# Engines ---------------------------------------------------------------------------------------

OPENAI_API_KEY = _optional("OPENAI_API_KEY")
OPENAI_BASE_URL = _optional("OPENAI_BASE_URL")
OPENAI_TRANSCRIPTION_MODEL = env.str("OPENAI_TRANSCRIPTION_MODEL", default="gpt-transcribe")
OPENAI_USD_PER_MINUTE = _dollars("OPENAI_USD_PER_MINUTE")
WHISPER_MODEL = env.str("WHISPER_MODEL", default="base")
WHISPER_THREADS = env.int("WHISPER_THREADS", default=0)
ALIGN_WORDS = env.bool("ALIGN_WORDS", default=True)
ALIGNER = "transcription.engines.aligner.WhisperAligner"
TRANSCRIPTION_ENGINE = _optional("TRANSCRIPTION_ENGINE") or (
    "openai" if OPENAI_API_KEY else "whisper"
)
API_TIMEOUT_SECONDS = env.float("API_TIMEOUT_SECONDS", default=300.0)

CHUNKING = ChunkingPolicy()
RATE = RatePolicy(
    max_concurrent_chunks=env.int("MAX_CONCURRENT_CHUNKS", default=3),
    capacity=env.int("RATE_LIMIT_CAPACITY", default=20),
    per_minute=env.int("RATE_LIMIT_PER_MINUTE", default=20),
    embedded_per_host=env.int("WHISPER_PER_HOST", default=1),
    probe_seconds=API_TIMEOUT_SECONDS + 30,
)
RETRY = RetryPolicy()
MEMORY = MemoryPolicy(
    limit_bytes=env.int("MEMORY_LIMIT_MB", default=0) * 1024 * 1024 or None,
    chunk_bytes=env.int("CHUNK_MEMORY_MB", default=64) * 1024 * 1024,
)
BUDGET = BudgetPolicy(
    usd_per_hearing=_dollars("BUDGET_USD_PER_HEARING"),
    usd_per_month=_dollars("BUDGET_USD_PER_MONTH"),
)
LEASE = LeasePolicy(
    lease_seconds=env.float("LEASE_SECONDS", default=30.0),
    renew_seconds=env.float("LEASE_SECONDS", default=30.0) / 4,
)

# The queue -------------------------------------------------------------------------------------

WORKERS = env.int("WORKERS", default=RATE.max_concurrent_chunks + 2)
DISPATCHER = "transcription.dispatch.QueueDispatcher"

_JOB_TIMEOUT = int(LEASE.job_seconds + API_TIMEOUT_SECONDS * 2)
READINESS = ReadinessPolicy(silent_workers_seconds=_JOB_TIMEOUT + 60)
Q_CLUSTER = {
    "name": "senate-audio",
    "orm": "default",
    "workers": WORKERS,
    # One task is pulled at a time and none twice: `retry` counts from the pull, and outlasts the
    # longest time that a pulled task can wait for and then keep a worker.
    "queue_limit": 1,
    "bulk": 1,
    "timeout": _JOB_TIMEOUT,
    "retry": 3 * _JOB_TIMEOUT + 60,
    # Tries are ours, counted on the chunk.
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "scheduler": False,
    "poll": 0.2,
    "save_limit": 100,
    "recycle": 500,
    "label": "Queue",
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
    }
}

# Admin -----------------------------------------------------------------------------------------

LOGIN_URL = "admin:login"
LOGOUT_REDIRECT_URL = "/"
UNFOLD = {
    "SITE_TITLE": "Senate Audio",
    "SITE_HEADER": "Senate Audio",
    "SITE_URL": "/",
    "SITE_SYMBOL": "graphic_eq",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("favicon.svg"),  # noqa: ARG005 (Unfold's call)
        }
    ],
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {"navigation": "senate_audio.navigation.navigation"},
    "STYLES": [lambda request: static("admin-runs.css")],  # noqa: ARG005 (Unfold's call)
    "COLORS": {
        # The blue of the public pages.
        "primary": {
            "50": "#eff5fc",
            "100": "#dce9f8",
            "200": "#bbd3f1",
            "300": "#92bbf2",
            "400": "#7aa8e3",
            "500": "#5c90d2",
            "600": "#1f4e8c",
            "700": "#1b4378",
            "800": "#173962",
            "900": "#142f50",
            "950": "#0d1f36",
        }
    },
}

METRICS_TOKEN = _optional("METRICS_TOKEN")
# Who sends it reads /metrics without signing in.

# Security --------------------------------------------------------------------------------------

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True

# Logs: one event a line; the hearing, run and chunk it belongs to come from context variables --

LOG_FORMAT = env.str("LOG_FORMAT", default="text")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
_LOG_FIELDS = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # A traceback with local variables would show the API key.
                structlog.dev.ConsoleRenderer(
                    colors=False, exception_formatter=structlog.dev.plain_traceback
                ),
            ],
            "foreign_pre_chain": _LOG_FIELDS,
        },
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": _LOG_FIELDS,
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "faster_whisper": {"level": "WARNING"},
        # At DEBUG these print headers, the key among them.
        "openai": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
    },
}
