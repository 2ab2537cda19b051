{{ config(
    materialized='by_key', key='customer_id', follows=['purchases'],
    tells=['customer_id', 'business_date'],
    tells_rows=['business_date', 'previous_date', 'is_first_of_day', 'purchase_count']
) }}
with

purchases as (
    select
        business_date,
        store_id,
        customer_id,
        net_amount
    from {{ ref('purchases') }}
    where is_counted and {{ of_changed_keys('customer_id') }}
),

days as (
    select
        business_date,
        store_id,
        customer_id,
        count(*) as purchase_count,
        cast(sum(net_amount) as numeric(24, 4)) as net_amount
    from purchases
    group by business_date, store_id, customer_id
),

final as (
    select
        business_date,
        store_id,
        customer_id,
        max(business_date) over (
            partition by customer_id
            order by business_date
            groups between unbounded preceding and 1 preceding
        ) as previous_date,
        row_number() over (
            partition by customer_id, business_date order by store_id collate "C"
        ) = 1 as is_first_of_day,
        purchase_count,
        net_amount
    from days
)

select * from final
