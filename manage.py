#!/usr/bin/env python
"""Django's command-line entry."""

import os
import sys

WRONG_USAGE = 2


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senate_audio.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"A setting is wrong. {error}\n")
        sys.exit(WRONG_USAGE)


if __name__ == "__main__":
    main()
