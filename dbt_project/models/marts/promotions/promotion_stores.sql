-- Who took part is told by the code on the receipts: no file says it.
with

promotions as (
    select
        promotion_id,
        applicable_category,
        start_date,
        end_date
    from {{ ref('promotions') }}
),

categories as (
    select
        lower(product_category) as lower_category,
        min(product_category collate "C") as product_category
    from {{ ref('products') }}
    where is_merchandise
    group by lower(product_category)
),

final as (
    select
        promotions.promotion_id,
        sold.store_id,
        coalesce(categories.product_category, 'ALL') as product_category,
        cast(sum(sold.line_count) as bigint) as line_count,
        cast(sum(sold.net_amount) as numeric(24, 4)) as gross_amount,
        promotions.start_date,
        promotions.end_date
    from promotions
    inner join {{ ref('promoted_sales') }} as sold
        on
            promotions.promotion_id = sold.promotion_id
            and sold.business_date between promotions.start_date and promotions.end_date
            and not sold.is_return
    left join categories
        on lower(trim(promotions.applicable_category)) = categories.lower_category
    group by
        promotions.promotion_id,
        sold.store_id,
        categories.product_category,
        promotions.start_date,
        promotions.end_date
)

select * from final
