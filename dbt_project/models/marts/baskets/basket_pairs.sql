-- A pair is one number, and sorted, not hashed: nearly every pair is another one
-- (docs/decisions/0029).
{{ config(
    materialized='by_sum', of='baskets', follows=['baskets'], key=['pair_number'],
    counted_by='basket_count', indexes=[{'columns': ['pair_number']}]
) }}
with

{{ pairs_of_baskets(summed_rows('baskets')) }},

final as (
    select
        pair_number,
        basket_count
    from pairs_counted
)

select * from final
