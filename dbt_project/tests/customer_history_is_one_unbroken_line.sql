-- Semantics 8: of each customer one row is current, versions follow one another without gap or
-- overlap, and the address is the same in all.
with

versions as (
    select
        *,
        lead(valid_from) over (partition by customer_id order by version_number) as next_from,
        max(version_number) over (partition by customer_id) as last_version
    from {{ ref('customer_history') }}
)

select
    customer_id,
    version_number,
    valid_from,
    valid_to
from versions
where
    valid_to is distinct from next_from
    or valid_to < valid_from
    or is_current <> (version_number = last_version)
    or is_current <> (valid_to is null)
