"""The same tables without a pipeline: in SQL by hand, in DuckDB, in pandas."""

from pathlib import Path

TABLES = Path(__file__).with_name("tables.sql")
# One row a customer, in text and whole numbers: what all ways must agree upon.
TOLD = """
select
    segments.customer_id,
    segments.segment_id,
    segments.is_high_spender,
    segments.is_at_risk,
    coalesce(cast(points.balance as bigint), 0) as balance,
    rfm.recency_days,
    rfm.frequency,
    cast(100 * rfm.monetary as bigint) as monetary_cents,
    cast(rfm.r_score as integer) as r_score,
    cast(rfm.f_score as integer) as f_score,
    cast(rfm.m_score as integer) as m_score,
    rfm.rfm_segment,
    rfm.value_segment
from by_hand.customer_segments as segments
left join by_hand.points as points on segments.customer_id = points.customer_id
left join by_hand.customer_rfm as rfm on segments.customer_id = rfm.customer_id
order by segments.customer_id
"""
