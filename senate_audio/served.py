"""The configuration of gunicorn where `manage.py serve` starts it: it ends with that command."""

import os

from transcription.parentage import die_with

die_with(os.getppid())
# Its workers look for it every second, and end when it is gone.
