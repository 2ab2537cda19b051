"""Realistic synthetic retail files in the input contract, with known truth.

:func:`generate` makes a shop's files, :func:`feed` its next day; ``README.md`` beside this file
says what they hold.
"""

from seeds_generator.drops import generate
from seeds_generator.feed import NoPlanError, Plan, feed, feed_until, read_plan
from seeds_generator.options import GeneratorOptions
from seeds_generator.presets import PRESETS
from seeds_generator.result import GeneratedFiles, PromotionTruth, WrittenFile

__all__ = [
    "PRESETS",
    "GeneratedFiles",
    "GeneratorOptions",
    "NoPlanError",
    "Plan",
    "PromotionTruth",
    "WrittenFile",
    "feed",
    "feed_until",
    "generate",
    "read_plan",
]
