-- A view: it goes where sale_lines is built alone, and comes back with sale_lines+.
{{ config(materialized='view') }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

final as (
    select
        sale_lines.transaction_id,
        sale_lines.line_item_id,
        sale_lines.transaction_id as sale_transaction_id,
        sale_lines.promotion_id,
        sale_lines.customer_id,
        sale_lines.store_id,
        sale_lines.product_id,
        sale_lines.product_category,
        sale_lines.is_merchandise,
        sale_lines.is_return,
        sale_lines.quantity,
        sale_lines.line_amount,
        sale_lines.business_date as sold_date,
        sale_lines.business_date
    from {{ ref('sale_lines') }} as sale_lines
    inner join as_of on sale_lines.business_date <= as_of.business_date
    where
        not sale_lines.is_return
        and sale_lines.promotion_id is not null
        and sale_lines.is_promotion_known
    union all
    select
        transaction_id,
        line_item_id,
        sale_transaction_id,
        promotion_id,
        customer_id,
        store_id,
        product_id,
        product_category,
        is_merchandise,
        true as is_return,
        quantity,
        line_amount,
        sold_date,
        business_date
    from {{ ref('returned_lines') }}
    where promotion_id is not null
)

select * from final
