"""Adapters: public data sets as daily files of the input contract.

:func:`adapt_online_retail` takes the UCI data set Online Retail II. ``README.md`` one folder up
says what each makes of what.
"""

from seeds_generator.adapters.errors import AdapterError
from seeds_generator.adapters.online_retail import Adapted, adapt_online_retail

__all__ = ["Adapted", "AdapterError", "adapt_online_retail"]
