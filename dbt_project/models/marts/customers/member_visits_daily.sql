-- Who was active between two days is counted once, on the first of the days: the one whose previous
-- day lies before them. So a sum over few rows counts different customers of any period.
with

days as (
    select
        business_date,
        customer_id,
        sum(purchase_count) as purchase_count
    from {{ ref('member_days') }}
    group by business_date, customer_id
),

in_order as (
    select
        business_date,
        lag(business_date) over (partition by customer_id order by business_date) as previous_date,
        purchase_count
    from days
),

final as (
    select
        concat_ws(' after ', business_date, previous_date) as visit_id,
        business_date,
        previous_date,
        count(*) as customer_count,
        cast(sum(purchase_count) as bigint) as purchase_count
    from in_order
    group by business_date, previous_date
)

select * from final
