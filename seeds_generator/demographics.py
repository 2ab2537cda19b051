"""Who the customers are: age, income, marital status, occupation, consent."""

from __future__ import annotations

import numpy as np

from seeds_generator.arrays import (
    BoolArray,
    FloatArray,
    TextArray,
    date_text,
    integer_text,
    pick,
    texts,
    weighted,
)
from seeds_generator.calendar import Calendar

# From (inclusive) to (exclusive) years on the last written day, share of the customers.
AGE_BANDS = ((10, 18, 0.10), (18, 30, 0.30), (30, 45, 0.35), (45, 60, 0.10), (60, 101, 0.15))
OF_AGE = 18
DAYS_A_YEAR = 365.2425
CONSENT = 0.35
MARITAL = texts(["single", "married", "married", "divorced", "widowed", ""])
OCCUPATIONS = texts(
    (
        "Teacher",
        "Nurse",
        "Developer",
        "Electrician",
        "Accountant",
        "Student",
        "Architect",
        "Chef",
        "Driver",
        "Designer",
        "Engineer",
        "Farmer",
        "Journalist",
        "Lawyer",
        "Mechanic",
        "Pharmacist",
        "Librarian",
        "Carpenter",
        "Manager",
        "Cleaner",
        "",
    )
)
RETIRES, PUPIL, RETIRED = 66, "Pupil", "Retired"


def draw_ages(rng: np.random.Generator, count: int) -> FloatArray:
    """Years of every customer on the last written day, by the age bands."""
    band = weighted(rng, np.array([share for _, _, share in AGE_BANDS]), count)
    low, high = (np.array([entry[edge] for entry in AGE_BANDS])[band] for edge in (0, 1))
    within = np.where(band == len(AGE_BANDS) - 1, rng.beta(1.1, 2.8, count), rng.random(count))
    ages: FloatArray = np.clip(low + (high - low) * within, low + 0.01, high - 0.01)
    return ages


def demographic_columns(
    rng: np.random.Generator, ages: FloatArray, calendar: Calendar
) -> dict[str, TextArray]:
    """Columns of the customer file that follow from age and chance."""
    count = len(ages)
    minor = is_minor(ages)
    last = calendar.total - 1
    born = last - np.floor(ages * DAYS_A_YEAR).astype(np.int64)
    occupation = np.where(ages >= RETIRES, RETIRED, pick(rng, OCCUPATIONS, count))
    incomes = (rng.lognormal(10.4, 0.45, count) / 100).astype(np.int64) * 100
    untold = rng.random(count) < 0.2
    return {
        "birth_date": date_text(born, calendar.origin),
        "marital_status": np.where(minor, "single", pick(rng, MARITAL, count)),
        "occupation": np.where(minor, PUPIL, occupation),
        "annual_income": np.where(untold | minor, "", integer_text(incomes)),
        "marketing_consent": np.where((rng.random(count) < CONSENT) & ~minor, "true", "false"),
        "is_minor": np.where(minor, "true", "false"),
    }


def is_minor(ages: FloatArray) -> BoolArray:
    """Who is not of age on the last written day."""
    minors: BoolArray = ages < OF_AGE
    return minors
