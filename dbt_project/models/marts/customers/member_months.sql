-- So that the buyers of a month are rows: different customers among its days would be sorted each
-- time that a late sale opens it.
{{ config(
    materialized='by_key', key='customer_id', follows=['member_days'], tells=['month_date']
) }}
with

final as (
    select
        cast(date_trunc('month', cast(business_date as timestamp)) as date) as month_date,
        customer_id,
        cast(sum(net_amount) as numeric(24, 4)) as net_amount
    from {{ ref('member_days') }}
    where {{ of_changed_keys('customer_id') }}
    group by month_date, customer_id
)

select * from final
