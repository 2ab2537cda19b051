"""Sales as the columns of the header file and of the line file."""

from __future__ import annotations

import numpy as np

from seeds_generator.arrays import (
    TextArray,
    integer_text,
    money_text,
    numbered,
    or_blank,
    texts,
)
from seeds_generator.baskets import MOST_LINES, PAYMENTS
from seeds_generator.market import Market
from seeds_generator.redemptions import timestamps
from seeds_generator.sales import Sales

SALE_ID, RETURN_ID = "T%09d", "R%09d"
LINE_IDS = texts(map(str, range(2 * MOST_LINES + 1)))  # a product may bring one along

Columns = dict[str, TextArray]


class SalesTables:
    """Turns blocks of sales into text columns; the lookup tables are made once."""

    def __init__(
        self, market: Market, customer_ids: TextArray, phones: TextArray, currency: str | None
    ) -> None:
        self._market = market
        self._customers = or_blank(customer_ids)
        self._phones = or_blank(phones)
        self._promotions = or_blank(market.promotions.ids)
        self._currency = currency

    def transaction_ids(self, sales: Sales) -> TextArray:
        """The id of every header: sales and returns are numbered apart."""
        ids = numbered(SALE_ID, sales.number)
        returns = np.flatnonzero(sales.is_return)
        ids[returns] = numbered(RETURN_ID, sales.number[returns])
        return ids

    def headers(self, sales: Sales, ids: TextArray) -> Columns:
        """The columns of store_sales_header."""
        returns = np.flatnonzero(sales.is_return)
        originals = np.full(sales.count, "", dtype=object)
        originals[returns] = numbered(SALE_ID, sales.original[returns])
        columns = {
            "transaction_id": ids,
            "customer_id": self._customers[sales.customer],
            "store_id": self._market.stores.ids[sales.store],
            "transaction_date": timestamps(self._market.calendar.names, sales.day, sales.second),
            "total_amount": money_text(sales.total),
            "customer_phone": self._phones[sales.phone],
            "transaction_type": texts(["SALE", "RETURN"])[sales.is_return.astype(np.int64)],
            "original_transaction_id": originals,
            "payment_method": texts(PAYMENTS)[sales.payment],
            "points_redeemed": integer_text(sales.redeemed),
        }
        if self._currency is not None:
            columns["currency"] = np.full(sales.count, self._currency, dtype=object)
        return columns

    def lines(self, sales: Sales, ids: TextArray) -> Columns:
        """The columns of store_sales_line_items."""
        return {
            "line_item_id": LINE_IDS[sales.line_number],
            "transaction_id": ids[sales.line_header],
            "product_id": self._market.assortment.ids[sales.product],
            "promotion_id": self._promotions[sales.promotion],
            "quantity": integer_text(sales.quantity),
            "line_item_amount": money_text(sales.amount),
        }
