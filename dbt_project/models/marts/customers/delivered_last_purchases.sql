-- On a day of a sale that nothing came back of, or before the first sale, the delivered date makes
-- no difference to how long ago a customer bought on any day.
{{ config(
    materialized='by_key', key='customer_id', follows=['purchases', 'customers'],
    tells=['customer_id']
) }}
with

delivered as (
    select
        customer_id,
        last_purchase_date
    from {{ ref('customers') }}
    where last_purchase_date is not null and {{ of_changed_keys('customer_id') }}
),

final as (
    select
        delivered.customer_id,
        delivered.last_purchase_date
    from delivered
    inner join {{ ref('purchases') }} as purchases
        on delivered.customer_id = purchases.customer_id and purchases.has_merchandise
    group by delivered.customer_id, delivered.last_purchase_date
    having
        delivered.last_purchase_date > min(purchases.business_date)
        and not bool_or(
            delivered.last_purchase_date = purchases.business_date
            and purchases.returned_amount = 0
        )
)

select * from final
