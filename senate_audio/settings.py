"""Every setting, read from the environment or a `.env` file beside manage.py."""

import os
import tempfile
from pathlib import Path
from typing import Any

import structlog
from django.templatetags.static import static

from hearings.policies import CleanUp, RecordingLimits, RetentionPolicy, ScratchPolicy
from senate_audio.environment import LOCAL_HOSTS, Environment, are_local
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

env = Environment(BASE_DIR / ".env")

# What must last --------------------------------------------------------------------------------

DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "data"))).resolve()
RECEIPTS_DIR = DATA_DIR / "receipts"
MEDIA_ROOT = Path(env.optional("MEDIA_ROOT") or DATA_DIR / "media")
STATIC_ROOT = DATA_DIR / "static"
MODELS_DIR = DATA_DIR / "models"

# Who may connect -------------------------------------------------------------------------------

DEBUG = env.switch("DEBUG", default=False)
ALLOWED_HOSTS = env.texts("ALLOWED_HOSTS", LOCAL_HOSTS)
_GIVEN_KEY = env.key("SECRET_KEY", may_be_weak=DEBUG or are_local(ALLOWED_HOSTS))
SECRET_KEY = _GIVEN_KEY or kept_secret(DATA_DIR / "secret_key")
CSRF_TRUSTED_ORIGINS = env.texts("CSRF_TRUSTED_ORIGINS")

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
    "senate_audio.signed_out.whole_page_signs_in",
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
    "default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'senate_audio.sqlite3'}")
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
TIME_ZONE = env.time_zone("TIME_ZONE", "America/New_York")
USE_TZ = True
USE_I18N = False

# What may be uploaded --------------------------------------------------------------------------

RECORDING_LIMITS = RecordingLimits(
    max_bytes=env.whole("MAX_UPLOAD_MB", 5120) * 1024 * 1024,
    max_duration_ms=round(env.number("MAX_RECORDING_HOURS", 12.0) * 3_600_000),
)

RETENTION = RetentionPolicy(days=env.whole("RETENTION_DAYS", 0) or None)

# What may be lost ------------------------------------------------------------------------------

SCRATCH = ScratchPolicy(
    folder=env.optional("SCRATCH_DIR") or f"{tempfile.gettempdir()}/senate-audio-{os.getuid()}",
    max_bytes=env.whole("SCRATCH_LIMIT_MB", 2048) * 1024 * 1024,
    clean_up=CleanUp(env.choice("SCRATCH_CLEAN_UP", list(CleanUp), CleanUp.ON_PRESSURE)),
)

# Engines ---------------------------------------------------------------------------------------

OPENAI_API_KEY = env.optional("OPENAI_API_KEY")
OPENAI_BASE_URL = env.server("OPENAI_BASE_URL")
OPENAI_TRANSCRIPTION_MODEL = env.text("OPENAI_TRANSCRIPTION_MODEL", "gpt-transcribe")
OPENAI_USD_PER_MINUTE = env.dollars("OPENAI_USD_PER_MINUTE")
WHISPER_MODEL = env.text("WHISPER_MODEL", "base")
WHISPER_THREADS = env.whole("WHISPER_THREADS", 0)
ALIGN_WORDS = env.switch("ALIGN_WORDS", default=True)
ALIGNER = "transcription.engines.aligner.WhisperAligner"
TRANSCRIPTION_ENGINE = env.optional("TRANSCRIPTION_ENGINE") or (
    "openai" if OPENAI_API_KEY else "whisper"
)
API_TIMEOUT_SECONDS = env.number("API_TIMEOUT_SECONDS", 300.0)

CHUNKING = ChunkingPolicy()
RATE = RatePolicy(
    max_concurrent_chunks=env.whole("MAX_CONCURRENT_CHUNKS", 3, least=1),
    capacity=env.whole("RATE_LIMIT_CAPACITY", 20, least=1),
    per_minute=env.whole("RATE_LIMIT_PER_MINUTE", 20, least=1),
    embedded_per_host=env.whole("WHISPER_PER_HOST", 1, least=1),
    probe_seconds=API_TIMEOUT_SECONDS + 30,
)
RETRY = RetryPolicy()
MEMORY = MemoryPolicy(
    limit_bytes=env.whole("MEMORY_LIMIT_MB", 0) * 1024 * 1024 or None,
    chunk_bytes=env.whole("CHUNK_MEMORY_MB", 64, least=1) * 1024 * 1024,
)
BUDGET = BudgetPolicy(
    usd_per_hearing=env.dollars("BUDGET_USD_PER_HEARING"),
    usd_per_month=env.dollars("BUDGET_USD_PER_MONTH"),
)
_LEASE_SECONDS = env.number("LEASE_SECONDS", 30.0)
LEASE = LeasePolicy(
    lease_seconds=_LEASE_SECONDS,
    renew_seconds=_LEASE_SECONDS / 4,
)

# The queue -------------------------------------------------------------------------------------

WORKERS = env.whole("WORKERS", RATE.max_concurrent_chunks + 2, least=1)
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

METRICS_TOKEN = env.optional("METRICS_TOKEN")
# Who sends it reads /metrics without signing in.

# Security --------------------------------------------------------------------------------------

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True

HTTPS = env.switch("HTTPS", default=False)
# A proxy ends TLS and says so in a header, which it must let nobody else set.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
# Monitors ask for it without the proxy.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 86_400 if HTTPS else 0
# A day: so long there is no way back to HTTP for who was here.

# Logs: one event a line; the hearing, run and chunk it belongs to come from context variables --

_LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LOG_FORMAT = env.choice("LOG_FORMAT", ["text", "json"], "text")
LOG_LEVEL = env.choice("LOG_LEVEL", _LOG_LEVELS, "INFO")
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
