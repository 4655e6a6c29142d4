# The README's commands. Each sets up what it needs; run again, each reuses what is there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
PORT ?= 8000
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
export DATA_DIR ?= $(CURDIR)/data

.PHONY: demo run test lint bench proof clean
.DEFAULT_GOAL := demo

$(VENV)/installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

.PHONY: ffmpeg chromium database model
ffmpeg:
	@command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || $(MAKE) --no-print-directory install-ffmpeg

.PHONY: install-ffmpeg install-chromium
install-ffmpeg:
	@echo "Installing ffmpeg…"
	@if command -v apt-get >/dev/null; then $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq ffmpeg >/dev/null; \
	elif command -v brew >/dev/null; then brew install --quiet ffmpeg; \
	else echo "Please install ffmpeg, then run this again." >&2; exit 1; fi

install-chromium:
	@if ! command -v chromium >/dev/null && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser test…"; \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium >/dev/null; fi || true

database: $(VENV)/installed
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) load_committees --quiet

model: $(VENV)/installed
	@$(MANAGE) fetch_model $${WHISPER_MODEL:-base}

demo: $(VENV)/installed ffmpeg database model
	@$(MANAGE) demo

run: $(VENV)/installed ffmpeg database model
	@$(MANAGE) ensure_administrator
	@$(MANAGE) collectstatic --no-input --verbosity 0
	@$(MANAGE) serve --port $(PORT)

test: $(VENV)/installed-dev ffmpeg install-chromium model
	@$(BIN)/python -m tests

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/djlint templates --check --lint --quiet
	$(MANAGE) makemigrations --check --dry-run

bench: $(VENV)/installed-dev ffmpeg database model
	$(BIN)/python -m bench

proof: $(VENV)/installed-dev ffmpeg model
	@$(BIN)/python -m tests --proof

clean:
	rm -rf $(VENV)
