-- Only of promotions on part of a category: the others are measured on whole categories.
with

final as (
    select
        products.promotion_id,
        lines.store_id,
        lines.business_date,
        cast(sum(lines.quantity) as numeric(24, 4)) as unit_count,
        cast(sum(lines.line_amount) as numeric(24, 4)) as net_amount,
        cast(coalesce(sum(lines.cost_amount), 0) as numeric(24, 4)) as cost_amount,
        cast(coalesce(sum(lines.costed_amount), 0) as numeric(24, 4)) as costed_amount,
        cast(sum(lines.point_count) as numeric(24, 6)) as point_count
    from {{ ref('promotion_products') }} as products
    inner join {{ ref('valued_lines') }} as lines on products.product_id = lines.product_id
    where lines.is_merchandise
    group by products.promotion_id, lines.store_id, lines.business_date
)

select * from final
