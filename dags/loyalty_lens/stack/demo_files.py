"""The invented shop of the demo: files that end yesterday, generated once."""

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

from loyalty_lens.errors import LandingError, SettingsError

SHOP = "shop"  # below the landing folder


def generate_once(landing: Path, *, customers: int, days: int, currency: str) -> bool:
    """Writes the files unless they lie there; says whether it did.

    They get their name when all are written: a run would load half a shop.
    """
    import seeds_generator  # Faker and NumPy take half a second that no second start needs

    if (landing / SHOP).exists():
        return False
    unfinished = landing / ".unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        options = replace(
            seeds_generator.PRESETS["demo"],
            history_days=days,
            customers=customers,
            end=dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1),
            currency=currency,
        )
        seeds_generator.found(options, unfinished)  # with a plan, for the DAG demo_feed
    except ValueError as error:
        raise SettingsError(f"LENS_DEMO_CUSTOMERS, LENS_DEMO_DAYS: {error}") from None
    except OSError as error:
        raise LandingError(
            f"{landing}: {error.strerror}; the folder must belong to AIRFLOW_UID"
        ) from None
    unfinished.rename(landing / SHOP)
    return True
