"""Realistic synthetic retail files in the input contract, with known truth.

:func:`generate` makes a shop's files; :func:`found` does so in a folder of its own, where
:func:`feed` drops the next day. ``README.md`` beside this file says what they hold.
"""

from seeds_generator.drops import generate
from seeds_generator.feed import NoPlanError, Plan, feed, feed_until, found, read_plan
from seeds_generator.folder import FolderError
from seeds_generator.options import GeneratorOptions
from seeds_generator.presets import PRESETS
from seeds_generator.result import GeneratedFiles, PromotionTruth, WrittenFile

__all__ = [
    "PRESETS",
    "FolderError",
    "GeneratedFiles",
    "GeneratorOptions",
    "NoPlanError",
    "Plan",
    "PromotionTruth",
    "WrittenFile",
    "feed",
    "feed_until",
    "found",
    "generate",
    "read_plan",
]
