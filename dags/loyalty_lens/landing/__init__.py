"""Landing: files of the landing folder become batches of `raw`."""

from loyalty_lens.landing.ingest import ingest
from loyalty_lens.landing.report import FileReport, LandingReport

__all__ = ["FileReport", "LandingReport", "ingest"]
