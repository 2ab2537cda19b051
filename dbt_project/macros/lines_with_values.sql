{#- What each line sold, cost and earned, on the day of its sale; what came back takes off. Points of the rules
    are shared by amount, those of a promotion by its lines. `of_pairs`: a macro that makes the condition
    that a date and a store are wanted. -#}
{% macro lines_with_values(of_pairs) -%}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

rule_points as (
    select
        transaction_id,
        round(sum(base_points + bonus_points) / nullif(max(merchandise_amount), 0), 6)
            as points_per_amount
    from {{ ref('points_earnings') }}
    where {{ of_pairs('business_date', 'store_id') }}
    group by transaction_id
),

earnings as (
    select
        transaction_id,
        promotion_id,
        sum(base_points + bonus_points) as points
    from {{ ref('promotion_earnings') }}
    where {{ of_pairs('business_date', 'store_id') }}
    group by transaction_id, promotion_id
),

promotion_points as (
    select
        earnings.transaction_id,
        earnings.promotion_id,
        round(max(earnings.points) / nullif(sum(promoted.line_amount), 0), 6)
            as points_per_amount
    from earnings
    inner join {{ ref('promoted_lines') }} as promoted
        on
            earnings.transaction_id = promoted.transaction_id
            and earnings.promotion_id = promoted.promotion_id
            and promoted.is_merchandise
            and not promoted.is_return
            and {{ of_pairs('promoted.business_date', 'promoted.store_id') }}
    group by earnings.transaction_id, earnings.promotion_id
),

lines as (
    select
        sale_lines.transaction_id,
        sale_lines.line_item_id,
        sale_lines.transaction_id as sale_transaction_id,
        sale_lines.store_id,
        sale_lines.product_id,
        sale_lines.product_category,
        case when sale_lines.is_promotion_known then sale_lines.promotion_id end as promotion_id,
        sale_lines.is_merchandise,
        sale_lines.quantity,
        sale_lines.line_amount,
        sale_lines.line_amount
        * (
            coalesce(rule_points.points_per_amount, 0)
            + coalesce(promotion_points.points_per_amount, 0)
        ) as point_count,
        sale_lines.business_date
    from {{ ref('sale_lines') }} as sale_lines
    inner join as_of on sale_lines.business_date <= as_of.business_date
    left join rule_points
        on sale_lines.transaction_id = rule_points.transaction_id and sale_lines.is_merchandise
    left join promotion_points
        on
            sale_lines.transaction_id = promotion_points.transaction_id
            and sale_lines.promotion_id = promotion_points.promotion_id
            and sale_lines.is_merchandise
    where
        not sale_lines.is_return
        and {{ of_pairs('sale_lines.business_date', 'sale_lines.store_id') }}
    union all
    select
        transaction_id,
        line_item_id,
        sale_transaction_id,
        store_id,
        product_id,
        product_category,
        promotion_id,
        is_merchandise,
        quantity,
        line_amount,
        cast(0 as numeric) as point_count,
        sold_date as business_date
    from {{ ref('returned_lines') }}
    where {{ of_pairs('sold_date', 'store_id') }}
),

final as (
    select
        lines.transaction_id,
        lines.line_item_id,
        lines.sale_transaction_id,
        lines.store_id,
        lines.product_id,
        lines.product_category,
        lines.promotion_id,
        lines.is_merchandise,
        lines.quantity,
        lines.line_amount,
        cast(lines.quantity * products.unit_cost as numeric(24, 4)) as cost_amount,
        cast(
            case when products.unit_cost is not null then lines.line_amount end as numeric(18, 4)
        ) as costed_amount,
        cast(lines.point_count as numeric(24, 6)) as point_count,
        lines.business_date
    from lines
    left join {{ ref('products') }} as products on lines.product_id = products.product_id
)

select * from final
{%- endmacro %}


{#- The condition of a view: any day of any store. -#}
{% macro of_any(date, other) -%}
    true
{%- endmacro %}
