-- Lines with the code of a promotion, added up by sale: who counts different sales or customers of
-- a promotion reads one row each, not all lines ever sold.
{{ config(
    materialized='by_key', key='business_date+store_id',
    follows=['sale_lines', 'returned_lines', 'purchases', 'as_of']
) }}
with

first_purchases as (
    select transaction_id from {{ ref('purchases') }}
    where purchase_number = 1 and {{ of_changed_pairs('business_date', 'store_id') }}
),

sold as (
    select
        promotion_id,
        transaction_id,
        sale_transaction_id,
        customer_id,
        store_id,
        is_return,
        count(*) as line_count,
        sum(quantity) as unit_count,
        sum(line_amount) as net_amount,
        sold_date
    from {{ ref('promoted_lines') }}
    where {{ of_changed_pairs('sold_date', 'store_id') }}
    group by
        promotion_id,
        transaction_id,
        sale_transaction_id,
        customer_id,
        store_id,
        is_return,
        sold_date
),

final as (
    select
        sold.promotion_id,
        sold.transaction_id,
        sold.sale_transaction_id,
        sold.customer_id,
        sold.store_id,
        sold.is_return,
        first_purchases.transaction_id is not null and not sold.is_return as is_first_purchase,
        sold.line_count,
        cast(sold.unit_count as numeric(24, 4)) as unit_count,
        cast(sold.net_amount as numeric(24, 4)) as net_amount,
        sold.sold_date as business_date
    from sold
    left join first_purchases on sold.transaction_id = first_purchases.transaction_id
)

select * from final
