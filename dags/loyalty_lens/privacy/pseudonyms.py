"""Keyed hashes of the personal data in the marts: made by the pipeline, looked up by views.

Whoever reads a masked view needs no key: nobody but the pipeline can try out a list of addresses.
"""

import logging
import os
import secrets

from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.warehouse.roles import open_to_roles
from loyalty_lens.warehouse.state import make_home

LOG = logging.getLogger(__name__)
KEY_FILE = "privacy.key"
SHORTEST = 16
OTHER_KEY = "select count(*) from ops.erased_phones where key_id <> privacy.key_id()"


def refresh(settings: Settings, url: str) -> int:
    """Brings rights and pseudonyms to what the marts hold now; how many values were new.

    Raises SettingsError where there is no usable key.
    """
    with connected(url, parameters=session(settings)) as connection, connection.cursor() as cursor:
        open_to_roles(connection)
        cursor.execute("select privacy.refresh_pseudonyms()")
        (added,) = cursor.fetchone() or (0,)
        cursor.execute(OTHER_KEY)
        (unknown,) = cursor.fetchone() or (0,)
    if unknown:
        LOG.warning(
            "%d phones of erased customers were hashed with another key (LENS_PRIVACY_KEY):"
            " guests who leave them are not noticed any more",
            unknown,
        )
    return int(added)


def session(settings: Settings) -> dict[str, str]:
    """Parameters of a connection that hashes: given while connecting, so in no log of statements.

    Raises SettingsError where there is no usable key.
    """
    return {"lens.privacy_key": privacy_key(settings).encode().hex()}


def privacy_key(settings: Settings) -> str:
    """LENS_PRIVACY_KEY; unset, one that is made up once and kept in LENS_HOME for its owner alone.

    With another key all pseudonyms become others. Raises SettingsError where it is too short, or
    the file cannot be read or written.
    """
    if settings.privacy_key:
        if len(settings.privacy_key) < SHORTEST:
            raise SettingsError(f"LENS_PRIVACY_KEY is shorter than {SHORTEST} characters")
        return settings.privacy_key
    path = settings.home / KEY_FILE
    try:
        make_home(settings.home)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(32))
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be used ({error}); set LENS_PRIVACY_KEY") from None
    if len(key) < SHORTEST:
        raise SettingsError(f"{path} is damaged: put it back, or remove it for a new key")
    return key
