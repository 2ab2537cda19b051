"""The generator's one entry point: a history drop and daily drops in the input contract."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from seeds_generator.options import GeneratorOptions
from seeds_generator.result import GeneratedFiles
from seeds_generator.truth import Truth
from seeds_generator.world import World
from seeds_generator.writer import Writer

logger = logging.getLogger(__name__)
Progress = Callable[[int, int], None]  # (days done, days in all)


def generate(
    options: GeneratorOptions,
    out: Path,
    *,
    truth: Path | None = None,
    only_day: int | None = None,
    progress: Progress | None = None,
    noted: Callable[[str], None] | None = None,
) -> GeneratedFiles:
    """Write the files of ``options`` below ``out`` and return what they hold.

    ``out/history`` is one drop: masters named after its first day, sales after its last.
    ``out/YYYY-MM-DD`` is one drop a day. Files of the same name are replaced, others left alone.
    The same options give the same bytes. ``truth`` is a folder for what was planted. With
    ``only_day`` (a day number from ``history_days`` up to the horizon) that day's drop alone is
    written, as it is or would be among the others. ``noted`` is told the name of every file below
    ``out`` before the file appears. Raises OSError where a folder cannot be written,
    ValueError for options that make no sense.
    """
    started = time.perf_counter()
    with ExitStack() as stack:
        told = stack.enter_context(Truth(truth, out)) if truth else None
        result = World(options, Writer(out, told, noted), only_day, progress).run()
    logger.info(
        "generated %d files, %d headers, %d lines, %d defects in %.1f s",
        len(result.files),
        result.rows("store_sales_header"),
        result.rows("store_sales_line_items"),
        sum(result.defects.values()),
        time.perf_counter() - started,
    )
    return result
