-- Points paid with on a sale come back as its goods go back: cumulative and proportional.
{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id']}]
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

refunded_to_date as (
    select
        sale_returns.return_transaction_id,
        sale_returns.original_transaction_id,
        purchases.customer_id,
        sale_returns.store_id,
        case
            when sale_returns.returned_to_date_amount >= purchases.merchandise_amount
                then sum(redemptions.points)
            when sale_returns.returned_to_date_amount <= 0 then 0
            else div(
                sum(redemptions.points) * sale_returns.returned_to_date_amount,
                purchases.merchandise_amount
            )
        end as points_to_date,
        sale_returns.business_date,
        sale_returns.returned_at,
        sale_returns._batch_id,
        sale_returns._row_number
    from {{ ref('sale_returns') }} as sale_returns
    inner join as_of on sale_returns.business_date <= as_of.business_date
    inner join {{ ref('purchases') }} as purchases
        on sale_returns.original_transaction_id = purchases.transaction_id
    inner join {{ ref('points_redemptions') }} as redemptions
        on
            purchases.transaction_id = redemptions.transaction_id
            and purchases.customer_id = redemptions.customer_id
            and sale_returns.business_date >= redemptions.business_date
    where {{ of_changed('purchases.customer_id') }}
    group by
        sale_returns.return_transaction_id,
        sale_returns.original_transaction_id,
        purchases.customer_id,
        sale_returns.store_id,
        sale_returns.returned_to_date_amount,
        purchases.merchandise_amount,
        sale_returns.business_date,
        sale_returns.returned_at,
        sale_returns._batch_id,
        sale_returns._row_number
),

final as (
    select
        return_transaction_id,
        original_transaction_id,
        customer_id,
        store_id,
        cast(
            points_to_date - lag(points_to_date, 1, 0.0) over (
                partition by original_transaction_id
                order by business_date, returned_at, return_transaction_id collate "C"
            ) as bigint
        ) as points,
        business_date,
        returned_at,
        _batch_id,
        _row_number
    from refunded_to_date
)

select * from final
