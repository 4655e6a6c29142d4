"""The entry for a web server."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

FAILED = 4
# As commands end that cannot work. Gunicorn ends with it; at any other it would try for ever.

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senate_audio.settings")

try:
    application = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.stderr.write(f"A setting is wrong. {error}\n")
    sys.exit(FAILED)
