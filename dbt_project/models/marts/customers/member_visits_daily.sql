-- Who was active between two days is counted once, on the first of the days: the one whose previous
-- day lies before them. So a sum over few rows counts different customers of any period.
{{ config(
    materialized='by_sum', of='member_days', follows=['member_days'], key=['visit_id'],
    of_key=['business_date', 'previous_date'], counted_by='customer_count'
) }}
with

final as (
    select
        concat_ws(' after ', business_date, previous_date) as visit_id,
        business_date,
        previous_date,
        cast(coalesce(sum(sign) filter (where is_first_of_day), 0) as bigint) as customer_count,
        cast(sum(sign * purchase_count) as bigint) as purchase_count
    from {{ summed_rows('member_days') }} as days
    group by business_date, previous_date
)

select * from final
