"""The files in which a shop's rows are delivered, and how they are loaded into a warehouse."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from tests.dbt.warehouse import Warehouse
from tests.points.reference.model import (
    CustomerVersion,
    Delivery,
    PromotionVersion,
    RuleVersion,
)

Row = dict[str, Any]


@dataclass
class File:
    """One delivered file. `arrival` is the business date of the run that loads it."""

    data_set: str
    arrival: dt.date
    file_date: dt.date | None
    rows: list[Row] = field(default_factory=list)

    def load(self, warehouse: Warehouse) -> None:
        if self.rows:
            warehouse.load(self.data_set, self.rows, arrival=self.arrival, file_date=self.file_date)


@dataclass
class Files:
    """Files in the order of their arrival; that order numbers the batches."""

    files: list[File] = field(default_factory=list)

    def new(self, data_set: str, arrival: dt.date, file_date: dt.date | None = None) -> File:
        self.files.append(File(data_set, arrival, file_date))
        return self.files[-1]

    def delivery(self, file: File) -> Delivery:
        """Of the next row of a file."""
        batch = self.files.index(file) + 1
        return Delivery(file.arrival, file.file_date, batch, len(file.rows) + 1)


def customer_row(version: CustomerVersion) -> Row:
    return {
        "customer_id": version.customer_id,
        "total_loyalty_points": version.points,
        "loyalty_status": version.status,
        "birth_date": version.birth_date,
        "customer_since": version.customer_since,
        "modified_at": version.modified_at,
    }


def rule_row(rule: RuleVersion) -> Row:
    return {
        "rule_id": rule.rule_id,
        "rule_name": f"Rule {rule.rule_id}",
        "points_per_unit_spend": rule.rate,
        "min_spend_threshold": rule.threshold,
        "bonus_points": rule.bonus,
        "rule_group": rule.group,
        "event": rule.event,
        "product_category": rule.category,
        "store_id": rule.store_id,
        "tier": rule.tier,
        "weekdays": ",".join(map(str, sorted(rule.weekdays))) or None,
        "first_purchase_only": "yes" if rule.is_first_purchase_only else None,
        "inactive_days": rule.inactive_days,
        "max_points": rule.max_points,
        "start_date": rule.start_date,
        "end_date": rule.end_date,
        "is_active": None if rule.is_active else "no",
    }


def promotion_row(promotion: PromotionVersion) -> Row:
    return {
        "promotion_id": promotion.promotion_id,
        "start_date": promotion.start_date,
        "end_date": promotion.end_date,
        "discount_percentage": "0.10",
        "points_multiplier": promotion.multiplier,
        "bonus_points": promotion.bonus,
    }
