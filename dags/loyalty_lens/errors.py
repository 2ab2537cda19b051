"""The errors a user may see: each says what happened, where, and what to do, on one line."""


class LensError(Exception):
    """Anything that ends a command with one line on standard error and exit code 1."""


class SettingsError(LensError):
    """A setting is missing or cannot be used; the message names it."""


class WarehouseError(LensError):
    """The server cannot be reached, is too old, or refuses; never carries a password."""


class LandingError(LensError):
    """The landing folder or a file in it cannot be read."""


class QualityError(LensError):
    """A suite is wrong or the validation could not be carried out."""


class StewardshipError(LensError):
    """What was asked about rejects or a held batch cannot be done; nothing was changed."""


class TransformError(LensError):
    """dbt failed; the message names the first failing model or test."""


class PointsError(LensError):
    """What was asked about points cannot be answered; the marts were not touched."""


class CampaignError(LensError):
    """A list is wrong or cannot be written; what was written before stays."""


class PrivacyError(LensError):
    """What was asked about a person's data cannot be done; nothing was changed."""


class MetabaseError(LensError):
    """Metabase cannot be reached, refuses, or does not hold what was pushed; no secret in it."""


class WorkerError(LensError):
    """A helper process ended or answered with an error."""


def first_line(error: Exception | str, *, otherwise: str = "no reason given") -> str:
    """What a library says first; the rest (context, hints, positions) does not fit on one line."""
    return next(iter(str(error).strip().splitlines()), otherwise)
