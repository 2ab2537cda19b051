-- Each stretch begins where the one before ends, only the last is open, and neighbours differ.
with

stretches as (
    select
        *,
        lag(valid_to) over (partition by customer_id order by valid_from) as ended_before,
        lag(tier) over (partition by customer_id order by valid_from) as tier_before,
        lead(valid_from) over (partition by customer_id order by valid_from) as next_from
    from {{ ref('tier_history') }}
)

select
    customer_id,
    tier,
    valid_from,
    valid_to
from stretches
where
    tier_before = tier
    or valid_to <= valid_from
    or (tier_before is not null and ended_before is distinct from valid_from)
    or (next_from is null) <> (valid_to is null)
    or is_current <> (valid_to is null)
