-- What the verdicts are reckoned from. A return lowers the day of its sale, not its own.
with

final as (
    select
        business_date,
        store_id,
        case when grouping(product_category) = 1 then 'ALL' else product_category end
            as product_category,
        cast(sum(quantity) as numeric(24, 4)) as unit_count,
        cast(sum(line_amount) as numeric(24, 4)) as net_amount,
        cast(
            coalesce(sum(line_amount) filter (where promotion_id is not null), 0)
            as numeric(24, 4)
        ) as coded_amount,
        cast(coalesce(sum(cost_amount), 0) as numeric(24, 4)) as cost_amount,
        cast(coalesce(sum(costed_amount), 0) as numeric(24, 4)) as costed_amount,
        cast(sum(point_count) as numeric(24, 6)) as point_count
    from {{ ref('valued_lines') }}
    where is_merchandise
    group by
        grouping sets (
            (business_date, store_id, product_category), (business_date, store_id)
        )
    having grouping(product_category) = 1 or upper(product_category) <> 'ALL'
)

select * from final
