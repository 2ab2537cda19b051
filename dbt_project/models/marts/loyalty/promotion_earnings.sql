{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id', 'business_date']}],
    tells=['business_date+store_id'], since='business_date'
) }}
with

promotions as (
    select
        promotion_id,
        promotion_version,
        greatest(points_multiplier, 1) as points_multiplier,
        greatest(coalesce(bonus_points, 0), 0) as bonus_points,
        start_date,
        end_date,
        valid_from,
        valid_to
    from {{ ref('promotion_versions') }}
    where points_multiplier > 1 or bonus_points > 0
),

purchases as (
    select bought.* from {{ ref('purchases') }} as bought
    where
        bought.eligible_amount > 0
        and {{ of_changed_since('bought') }}
),

promoted as (
    select
        sale_lines.transaction_id,
        sale_lines.promotion_id,
        sum(sale_lines.line_amount) as promoted_amount
    from {{ ref('sale_lines') }} as sale_lines
    where
        sale_lines.is_promotion_known
        and sale_lines.is_merchandise
        and not sale_lines.is_return
        and sale_lines.promotion_id in (select promotions.promotion_id from promotions)
        and {{ of_changed(
            'sale_lines.transaction_id', 'select purchases.transaction_id from purchases'
        ) }}
    group by sale_lines.transaction_id, sale_lines.promotion_id
),

-- What the rules for all categories give per unit of money on the purchase.
rates as (
    select
        transaction_id,
        sum(points_per_unit_spend) as points_per_unit_spend
    from {{ ref('points_earnings') }}
    where is_for_all_categories and {{ of_changed('customer_id') }}
    group by transaction_id
),

final as (
    select
        {{ content_hash([
            "'PROMOTION'", 'purchases.transaction_id', 'promotions.promotion_id',
            'promotions.promotion_version',
        ]) }} as lot_id,
        purchases.transaction_id,
        promotions.promotion_id,
        promotions.promotion_version,
        purchases.customer_id,
        purchases.store_id,
        purchases.merchandise_amount,
        cast(least(promoted.promoted_amount, purchases.eligible_amount) as numeric(24, 4))
            as promoted_amount,
        {{ rounded_points(
            'least(promoted.promoted_amount, purchases.eligible_amount)'
            ~ ' * coalesce(rates.points_per_unit_spend, 0)'
            ~ ' * (coalesce(promotions.points_multiplier, 1) - 1)'
        ) }} as base_points,
        cast(promotions.bonus_points as bigint) as bonus_points,
        purchases.business_date,
        {{ valid_through('purchases.business_date') }} as valid_through,
        purchases.sold_at,
        purchases._batch_id,
        purchases._row_number
    from promoted
    inner join purchases on promoted.transaction_id = purchases.transaction_id
    inner join promotions
        on
            promoted.promotion_id = promotions.promotion_id
            and purchases.business_date >= promotions.valid_from
            and purchases.business_date < coalesce(promotions.valid_to, 'infinity')
            and purchases.business_date >= promotions.start_date
            and purchases.business_date <= promotions.end_date
    left join rates on purchases.transaction_id = rates.transaction_id
    where promoted.promoted_amount > 0
)

select * from final
