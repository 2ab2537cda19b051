{{ config(
    materialized='by_key', key='customer_id', follows=['purchases'],
    tells=['customer_id', 'business_date']
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

final as (
    select
        business_date,
        store_id,
        customer_id,
        count(*) as purchase_count,
        cast(sum(net_amount) as numeric(24, 4)) as net_amount
    from purchases
    group by business_date, store_id, customer_id
)

select * from final
