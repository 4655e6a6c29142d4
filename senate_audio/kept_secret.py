"""A secret that is made on first start and kept in a file."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def kept_secret(path: Path) -> str:
    """Return the secret in *path*, made first where there is none. Two starts at once agree.

    Raises ImproperlyConfigured where its folder is none to be written in.
    """
    try:
        return _kept(path)
    except OSError as error:
        told = f"DATA_DIR is “{path.parent}”, which cannot be used: {error.strerror}."
        raise ImproperlyConfigured(told) from error


def _kept(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was faster: its secret counts
        finally:
            draft.unlink()
    return path.read_text().strip()
