-- Cumulative and proportional (semantics 5): what has gone back by now, less what had before. div()
-- cuts the exact quotient, where a rounded one could reach the next whole point.
{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id']}]
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

returns as (
    select sale_returns.*
    from {{ ref('sale_returns') }} as sale_returns
    inner join as_of on sale_returns.business_date <= as_of.business_date
),

lots as (
    select * from {{ ref('points_earned') }}
    where {{ of_changed('customer_id') }}
),

reversed_to_date as (
    select
        lots.lot_id,
        lots.transaction_id as original_transaction_id,
        lots.customer_id,
        lots.rule_id,
        lots.rule_version,
        lots.promotion_id,
        returns.return_transaction_id,
        returns.store_id,
        returns.business_date,
        returns.returned_at,
        returns._batch_id,
        returns._row_number,
        case
            when returns.returned_to_date_amount <= 0 then 0
            when returns.returned_to_date_amount >= lots.merchandise_amount
                then lots.base_points + lots.bonus_points
            {% if var('reverse_threshold_bonus') -%}
            else
                div(lots.base_points * returns.returned_to_date_amount, lots.merchandise_amount)
                + case
                    when
                        lots.merchandise_amount - returns.returned_to_date_amount
                        < lots.min_spend_threshold
                        then lots.bonus_points
                    else 0
                end
            {%- else -%}
            else
                div(
                    (lots.base_points + lots.bonus_points) * returns.returned_to_date_amount,
                    lots.merchandise_amount
                )
            {%- endif %}
        end as points_to_date
    from lots
    inner join returns on lots.transaction_id = returns.original_transaction_id
),

final as (
    select
        lot_id,
        return_transaction_id,
        original_transaction_id,
        customer_id,
        store_id,
        rule_id,
        rule_version,
        promotion_id,
        cast(
            points_to_date - lag(points_to_date, 1, 0.0) over (
                partition by lot_id
                order by business_date, returned_at, return_transaction_id collate "C"
            ) as bigint
        ) as points,
        business_date,
        returned_at,
        _batch_id,
        _row_number
    from reversed_to_date
)

select * from final
