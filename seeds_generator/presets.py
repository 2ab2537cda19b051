"""Sizes with a name."""

from __future__ import annotations

from seeds_generator.options import GeneratorOptions

PRESETS: dict[str, GeneratorOptions] = {
    # What `make demo` shows: 13 months of a small chain (points expire after 12), then a week,
    # day by day.
    "demo": GeneratorOptions(
        history_days=393,
        ahead_days=180,
        promotions=18,
        purchases_a_day=0.078,
        late_rate=0.02,
        outlier_rate=0.0002,
    ),
    # For a look at the files and for tests.
    "small": GeneratorOptions(
        history_days=60, customers=300, stores=5, products=90, promotions=4, late_rate=0.02
    ),
    # The files in docs/sample_data: seven daily drops and nothing before them.
    "sample": GeneratorOptions(
        history_days=0,
        customers=200,
        stores=4,
        products=72,
        promotions=2,
        purchases_a_day=0.4,
        defect_rate=0.03,
    ),
    # 1.5 M headers and 5 M lines over 90 days.
    "large": GeneratorOptions(
        history_days=83,
        customers=200_000,
        stores=500,
        products=20_000,
        promotions=60,
        purchases_a_day=0.097,
        lines_per_sale=3.65,
        late_rate=0.01,
        outlier_rate=0.0002,
    ),
    # 6 M headers and 20 M lines over 360 days: four times `large`, as many customers a day.
    "xl": GeneratorOptions(
        history_days=353,
        customers=220_000,
        stores=500,
        products=20_000,
        promotions=240,
        purchases_a_day=0.1405,
        lines_per_sale=3.82,
        late_rate=0.01,
        outlier_rate=0.0002,
    ),
}
