"""The near limit: the same segments in pandas, as such projects usually are.

`python -m tests.bench.hand_written.in_pandas FOLDER [OUT]` reads the files below FOLDER into memory
and, where OUT is given, writes one row a customer there as CSV, with the columns of `TOLD`. It
trusts the files, and leaves out what `tables.sql` leaves out. Money is in cents.
"""

import sys
from pathlib import Path

import pandas as pd

SCORES = {"recency_days": "r_score", "frequency": "f_score", "monetary_cents": "m_score"}


def main(folder: Path, out: Path | None = None) -> None:
    """Reads, joins, groups."""
    customers = newest(read(folder, "customer_details"))
    sales, lines = sales_and_lines(folder, customers)
    purchases = purchases_of(sales, lines)
    points = points_of(folder, purchases, lines)
    rfm = rfm_of(purchases, customers, sales.business_date.max())
    told = segments_of(customers, rfm, points, sales.business_date.max())
    if out:
        told.to_csv(out, index=False)


def read(folder: Path, name: str) -> pd.DataFrame:
    """All files of a data set under each other, as text."""
    files = sorted(folder.rglob(f"{name}*.csv"))
    return pd.concat([pd.read_csv(file, dtype="string") for file in files], ignore_index=True)


def cents(amounts: "pd.Series[str]") -> "pd.Series[int]":
    """Amounts written with a point, as whole cents."""
    return (amounts.astype("float64") * 100).round().astype("int64")


def newest(customers: pd.DataFrame) -> pd.DataFrame:
    """One row a customer: the newest version, with the points of the first."""
    ordered = customers.sort_values("modified_at", kind="stable", na_position="first")
    first = ordered.drop_duplicates("customer_id").set_index("customer_id")
    last = ordered.drop_duplicates("customer_id", keep="last").set_index("customer_id")
    return pd.DataFrame(
        {
            "phone": last.customer_phone.str.replace(r"\D", "", regex=True),
            "last_purchase_date": pd.to_datetime(last.last_purchase_date),
            "opening": first.total_loyalty_points.fillna("0").astype("int64"),
        }
    )


def sales_and_lines(folder: Path, customers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Headers, a guest's phone told apart, and lines joined to them and to their products."""
    sales = read(folder, "store_sales_header")
    owners = customers.phone.dropna().drop_duplicates(keep=False)
    owner_of = pd.Series(owners.index, index=owners.to_numpy())
    phone = sales.customer_phone.str.replace(r"\D", "", regex=True)
    sales["customer_id"] = sales.customer_id.fillna(phone.map(owner_of))
    sales["amount"] = cents(sales.total_amount)
    sales["points_redeemed"] = sales.points_redeemed.fillna("0").astype("int64")
    sales["business_date"] = pd.to_datetime(sales.transaction_date.str[:10])
    sales["is_return"] = sales.transaction_type == "RETURN"
    products = read(folder, "products").drop_duplicates("product_id")
    lines = read(folder, "store_sales_line_items").merge(
        products[["product_id", "product_category", "is_merchandise"]], on="product_id"
    )
    lines["amount"] = cents(lines.line_item_amount)
    lines["is_merchandise"] = lines.is_merchandise == "true"
    return sales, lines.merge(sales[["transaction_id", "is_return"]], on="transaction_id")


def purchases_of(sales: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Purchases of customers with what of them came back."""
    baskets = pd.DataFrame(
        {
            "has_merchandise": lines.groupby("transaction_id").is_merchandise.any(),
            "other": lines[~lines.is_merchandise].groupby("transaction_id").amount.sum(),
        }
    ).fillna({"other": 0})
    sales = sales.merge(baskets, left_on="transaction_id", right_index=True)
    returns = sales[sales.is_return]
    returned = (
        (returns.other - returns.amount).clip(lower=0).groupby(returns.original_transaction_id)
    ).sum()
    bought = sales[~sales.is_return & sales.customer_id.notna()].copy()
    bought["paid"] = (bought.amount - bought.other).clip(lower=0).astype("int64")
    bought["returned"] = bought.transaction_id.map(returned).fillna(0).astype("int64")
    bought["net"] = (bought.paid - bought.returned).clip(lower=0)
    bought["eligible"] = (bought.paid - bought.points_redeemed).clip(lower=0)  # a point is a cent
    bought["is_counted"] = bought.has_merchandise & (
        (bought.returned == 0) | (bought.returned < bought.paid)
    )
    return bought


def points_of(folder: Path, purchases: pd.DataFrame, lines: pd.DataFrame) -> "pd.Series[int]":
    """Earned less reversed, less redeemed but what was refunded, and corrections, by customer."""
    earned = earnings_of(read(folder, "loyalty_rules"), purchases, lines)
    events = read(folder, "points_events")
    events["points"] = events.points.astype("int64")
    redeemed = redemptions_of(events, purchases)
    paid_with = redeemed.merge(
        purchases[["transaction_id", "customer_id", "paid", "returned"]],
        on=["transaction_id", "customer_id"],
    )
    moves = pd.concat(
        [
            earned.assign(points=earned.points - whole_share(earned)),
            redeemed.assign(points=-redeemed.points),
            paid_with.assign(points=whole_share(paid_with)),
            events[events.event_type == "ADJUST"],
        ]
    )
    return moves.groupby("customer_id").points.sum()


def earnings_of(rules: pd.DataFrame, purchases: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """What each group of rules gives for each purchase: the highest threshold that is met wins."""
    met = []
    for rule in rules[(rules.event == "PURCHASE") & (rules.is_active == "true")].to_dict("records"):
        threshold = float(rule["min_spend_threshold"])
        of_rule = purchases[
            (purchases.eligible >= threshold * 100)
            & (purchases.business_date >= pd.Timestamp(rule["start_date"]))
        ]
        base = of_rule.eligible
        if not pd.isna(rule["product_category"]):
            of_category = lines[
                lines.is_merchandise
                & ~lines.is_return
                & (lines.product_category == rule["product_category"])
            ]
            sums = of_category.groupby("transaction_id").amount.sum()
            base = base.clip(upper=of_rule.transaction_id.map(sums).fillna(0)).astype("int64")
        found = of_rule[base > 0][["transaction_id", "customer_id", "paid", "returned"]]
        points = (base[base > 0] * float(rule["points_per_unit_spend"]) // 100).astype("int64")
        met.append(
            found.assign(
                points=points + int(rule["bonus_points"]),
                group=rule["rule_group"],
                threshold=threshold,
            )
        )
    every = pd.concat(met).sort_values("threshold")
    return every.drop_duplicates(["transaction_id", "group"], keep="last")


def redemptions_of(events: pd.DataFrame, purchases: pd.DataFrame) -> pd.DataFrame:
    """Points paid with, by sale: as an event tells it, else the header."""
    told = events[events.event_type == "REDEEM"]
    told = told[["transaction_id", "customer_id", "points"]].assign(points=told.points.abs())
    untold = purchases[
        (purchases.points_redeemed > 0) & ~purchases.transaction_id.isin(told.transaction_id)
    ]
    untold = untold[["transaction_id", "customer_id"]].assign(points=untold.points_redeemed)
    both = pd.concat([told, untold]).groupby(["transaction_id", "customer_id"], dropna=False)
    return both[["points"]].sum().reset_index()


def whole_share(sales: pd.DataFrame) -> "pd.Series[int]":
    """The share of each sale's points that its returned share is, rounded down."""
    return sales.points * sales[["returned", "paid"]].min(axis=1) // sales.paid.clip(lower=1)


def rfm_of(purchases: pd.DataFrame, customers: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """Measures, scores and segments of everybody with a purchase that counts."""
    counted = purchases[purchases.is_counted].groupby("customer_id").business_date
    rfm = pd.DataFrame({"frequency": counted.count(), "last": counted.max()})
    known = customers.last_purchase_date.where(customers.last_purchase_date <= today)
    rfm["last"] = pd.concat([rfm["last"], known.reindex(rfm.index)], axis=1).max(axis=1)
    rfm["recency_days"] = (today - rfm["last"]).dt.days
    rfm["monetary_cents"] = purchases.groupby("customer_id").net.sum().reindex(rfm.index)
    for measure, score in SCORES.items():
        rank = rfm[measure].rank(method="min", ascending=measure != "recency_days")
        rfm[score] = (1 + 5 * (rank - 1) // len(rfm)).astype("int64")
    median = rfm[list(SCORES)].median()
    recent, frequent = rfm.recency_days < median.recency_days, rfm.frequency > median.frequency
    value = rfm.monetary_cents.map(
        lambda spent: (
            "High Value"
            if spent > 2 * median.monetary_cents
            else "Growing Value"
            if spent > median.monetary_cents
            else "Base Value"
        )
    )
    engagement = pd.Series("Inactive", index=rfm.index)
    engagement[recent] = "Developing"
    engagement[frequent] = "At Risk"
    engagement[recent & frequent] = "Active & Engaged"
    rfm["rfm_segment"] = [grid(r, f) for r, f in zip(rfm.r_score, rfm.f_score, strict=True)]
    rfm["value_segment"] = value + " - " + engagement
    return rfm


def grid(r: int, f: int) -> str:
    """The name of a cell of the R x F grid."""
    if f >= 4:
        if r >= 3:
            return "Champions" if r == 5 else "Loyal"
        return "Can't Lose" if f == 5 else "At Risk"
    if r >= 4:
        return "Potential Loyalist" if f >= 2 else "New" if r == 5 else "Promising"
    if r == 3:
        return "Need Attention" if f == 3 else "About To Sleep"
    return "At Risk" if f == 3 else "Hibernating"


def segments_of(
    customers: pd.DataFrame, rfm: pd.DataFrame, points: "pd.Series[int]", today: pd.Timestamp
) -> pd.DataFrame:
    """One row a customer, in order: the segment of the programme, and what it follows from."""
    told = customers.join(rfm[[*SCORES, *SCORES.values(), "rfm_segment", "value_segment"]])
    told["balance"] = (told.opening + points.reindex(told.index).fillna(0)).astype("int64")
    with_spend = told.monetary_cents[told.monetary_cents > 0]
    top = with_spend.rank(method="min", ascending=False) <= -(-len(with_spend) // 10)
    told["is_high_spender"] = top.reindex(told.index, fill_value=False)
    away = told.recency_days.fillna((today - told.last_purchase_date).dt.days)
    told["is_at_risk"] = (away >= 30) & (told.balance > 0)
    told["segment_id"] = "OT"
    told.loc[told.is_at_risk, "segment_id"] = "AR"
    told.loc[told.is_high_spender, "segment_id"] = "HS"
    whole = [*SCORES, *SCORES.values()]
    told[whole] = told[whole].astype("Int64")
    columns = ["segment_id", "is_high_spender", "is_at_risk", "balance", *whole]
    return told[[*columns, "rfm_segment", "value_segment"]].sort_index().reset_index()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
