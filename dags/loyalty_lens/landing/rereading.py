"""Whether datasets.yml reads a loaded file otherwise now than when it was loaded."""

from loyalty_lens.landing.batches import Batch
from loyalty_lens.landing.discovery import LandedFile
from loyalty_lens.landing.header import known_names
from loyalty_lens.splits import Split


def changed_reading(batch: Batch, file: LandedFile) -> tuple[str, ...]:
    """What changed for the file that still lies at its batch's path; empty where nothing did.

    Settings of the data set by name, and columns of the file that were extra and no longer are.
    """
    if not batch.is_live or batch.path_key != file.path_key:
        return ()
    changes = []
    if batch.extra_columns:
        known = known_names(file.data_set)
        changes = [name for name in batch.extra_columns if name in known]
    if batch.decimal_mark != file.data_set.decimal_mark:
        changes.insert(0, "decimal_mark")
    if batch.date_order != file.data_set.date_order:
        changes.insert(0, "date_order")
    if isinstance(file.data_set, Split) and batch.definition != file.data_set.definition:
        changes.insert(0, "split")
    return tuple(changes)
