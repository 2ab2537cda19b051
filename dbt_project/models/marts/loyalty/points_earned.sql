{{ config(materialized='view') }}
-- One row per lot that a purchase earned, whether by a rule or by a promotion.
with

final as (
    select
        lot_id,
        customer_id,
        transaction_id,
        store_id,
        rule_id,
        rule_version,
        cast(null as text) as promotion_id,
        min_spend_threshold,
        merchandise_amount,
        base_points,
        bonus_points,
        business_date,
        valid_through,
        sold_at,
        _batch_id,
        _row_number
    from {{ ref('points_earnings') }}
    union all
    select
        lot_id,
        customer_id,
        transaction_id,
        store_id,
        cast(null as text) as rule_id,
        promotion_version as rule_version,
        promotion_id,
        cast(0 as numeric(18, 4)) as min_spend_threshold,
        merchandise_amount,
        base_points,
        bonus_points,
        business_date,
        valid_through,
        sold_at,
        _batch_id,
        _row_number
    from {{ ref('promotion_earnings') }}
)

select * from final
