{{ config(
    materialized='by_key', key='transaction_id',
    follows=['sales', 'accepted_lines', 'products', 'promotions', 'line_amount_limits'],
    tells=['transaction_id', 'business_date+store_id', 'business_date+product_id'],
    tells_by={'business_date': [
        'transaction_id', 'line_item_id', 'product_category', 'is_return', 'line_amount'
    ]},
    tells_rows=[
        'transaction_id', 'customer_id', 'product_id', 'is_return', 'is_merchandise', 'quantity',
        'line_amount', 'business_date'
    ],
    indexes=[{'columns': ['transaction_id']}, {'columns': ['business_date']}]
) }}
with

lines as (
    select * from {{ ref('accepted_lines') }}
    where {{ of_changed_keys('transaction_id') }}
),

sales as (
    select
        transaction_id,
        customer_id,
        store_id,
        is_return,
        business_date,
        year * 12 + month as month_number,
        sold_at
    from {{ ref('sales') }}
    where {{ of_changed_keys('transaction_id') }}
),

products as (
    select
        product_id,
        product_category,
        is_merchandise
    from {{ ref('products') }}
),

promotions as (
    select promotion_id from {{ ref('promotions') }}
),

-- Months as numbers: a line's date is not cut to its month, twice, to find its limits.
limits as (
    select
        product_category,
        cast(extract(year from month) * 12 + extract(month from month) as integer) as month_number,
        median_log_amount,
        log_scale
    from {{ ref('line_amount_limits') }}
),

final as (
    select
        lines.transaction_id,
        lines.line_item_id,
        sales.customer_id,
        sales.store_id,
        lines.product_id,
        lines.promotion_id,
        coalesce(products.product_category, '{{ var("uncategorised") }}') as product_category,
        promotions.promotion_id is not null as is_promotion_known,
        coalesce(products.is_merchandise, true) as is_merchandise,
        coalesce(sales.is_return, false) as is_return,
        case
            when sales.is_return or lines.line_item_amount <= 0 then false
            when own.month_number is not null
                then ops.is_outlier(
                    ln(cast(lines.line_item_amount as double precision)),
                    own.median_log_amount,
                    own.log_scale
                )
            else ops.is_outlier(
                ln(cast(lines.line_item_amount as double precision)),
                general.median_log_amount,
                general.log_scale
            )
        end as is_suspect,
        cast(
            case when sales.is_return then -abs(lines.quantity) else lines.quantity end
            as numeric(18, 4)
        ) as quantity,
        round(abs(lines.line_item_amount) / nullif(abs(lines.quantity), 0), 4) as unit_price,
        cast(
            case
                when sales.is_return then -abs(lines.line_item_amount)
                else lines.line_item_amount
            end as numeric(18, 4)
        ) as line_amount,
        sales.business_date,
        sales.sold_at,
        lines.line_item_amount as _delivered_amount,
        lines._batch_id,
        lines._row_number
    from lines
    left join sales on lines.transaction_id = sales.transaction_id
    left join products on lines.product_id = products.product_id
    left join promotions on lines.promotion_id = promotions.promotion_id
    left join limits as own
        on
            coalesce(products.product_category, '{{ var("uncategorised") }}') = own.product_category
            and sales.month_number = own.month_number
    left join limits as general
        on
            general.product_category = ''
            and sales.month_number = general.month_number
)

select * from final
