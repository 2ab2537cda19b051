-- What came back, dated and placed where it was sold: a promotion is judged by what was kept.
{{ config(
    materialized='by_key', key='transaction_id',
    follows=['sales', 'sale_lines', 'return_matches', 'as_of'], tells=['sold_date+store_id'],
    indexes=[{'columns': ['transaction_id']}]
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

returned as (
    select
        sale_lines.*,
        returns.original_transaction_id
    from {{ ref('sale_lines') }} as sale_lines
    inner join {{ ref('sales') }} as returns on sale_lines.transaction_id = returns.transaction_id
    inner join as_of on sale_lines.business_date <= as_of.business_date
    where sale_lines.is_return and {{ of_changed_keys('sale_lines.transaction_id') }}
),

-- One that names no sale may take from several.
parts as (
    select
        returned.*,
        coalesce(
            returned.original_transaction_id,
            matches.original_transaction_id,
            returned.transaction_id
        ) as sale_transaction_id,
        coalesce(-matches.quantity, returned.quantity) as part_quantity,
        coalesce(-matches.returned_amount, returned.line_amount) as part_amount
    from returned
    left join {{ ref('return_matches') }} as matches
        on
            returned.original_transaction_id is null
            and returned.transaction_id = matches.return_transaction_id
            and returned.line_item_id = matches.line_item_id
),

-- A return that does not name the promotion takes from the one that it was bought under.
codes as (
    select
        transaction_id,
        product_id,
        min(promotion_id collate "C") as promotion_id
    from {{ ref('sale_lines') }}
    where
        is_promotion_known
        and not is_return
        and transaction_id in (select parts.sale_transaction_id from parts)
    group by transaction_id, product_id
),

final as (
    select
        parts.transaction_id,
        parts.line_item_id,
        parts.sale_transaction_id,
        coalesce(
            case when parts.is_promotion_known then parts.promotion_id end, codes.promotion_id
        ) as promotion_id,
        parts.customer_id,
        coalesce(sales.store_id, parts.store_id) as store_id,
        parts.product_id,
        parts.product_category,
        parts.is_merchandise,
        cast(parts.part_quantity as numeric(18, 4)) as quantity,
        cast(parts.part_amount as numeric(18, 4)) as line_amount,
        coalesce(sales.business_date, parts.business_date) as sold_date,
        parts.business_date
    from parts
    left join {{ ref('sales') }} as sales on parts.sale_transaction_id = sales.transaction_id
    left join codes
        on
            parts.sale_transaction_id = codes.transaction_id
            and parts.product_id = codes.product_id
)

select * from final
