"""Realistic synthetic retail files in the input contract, with known truth.

The one entry point is :func:`generate`; ``README.md`` beside this file says what it makes.
"""

from seeds_generator.drops import generate
from seeds_generator.options import GeneratorOptions
from seeds_generator.result import GeneratedFiles, PromotionTruth, WrittenFile

__all__ = ["GeneratedFiles", "GeneratorOptions", "PromotionTruth", "WrittenFile", "generate"]
