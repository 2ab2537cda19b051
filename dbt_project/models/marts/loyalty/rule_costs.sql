-- What came back through returns is set against the rule that gave it.
{%- set point_cost = setting('point_cost', 'LENS_POINT_COST', '0.01') %}
with

entries as (
    select
        business_date,
        coalesce(rule_id, promotion_id) as rule_id,
        rule_id is null as is_promotion,
        sum(points) filter (where entry_type in ('EARN', 'BONUS')) as issued_points,
        -sum(points) filter (where entry_type = 'REVERSE') as reversed_points
    from {{ ref('points_ledger') }}
    where
        entry_type in ('EARN', 'BONUS', 'REVERSE')
        and coalesce(rule_id, promotion_id) is not null
    group by business_date, coalesce(rule_id, promotion_id), rule_id is null
),

rules as (
    select distinct on (rule_id)
        rule_id,
        rule_name
    from {{ ref('loyalty_rules') }}
    order by rule_id asc, rule_version desc
),

promotions as (
    select
        promotion_id,
        promotion_name
    from {{ ref('promotions') }}
),

final as (
    select
        entries.business_date,
        entries.rule_id,
        coalesce(rules.rule_name, promotions.promotion_name, entries.rule_id) as rule_name,
        entries.is_promotion,
        cast(coalesce(entries.issued_points, 0) as bigint) as issued_points,
        cast(coalesce(entries.reversed_points, 0) as bigint) as reversed_points,
        cast(
            (coalesce(entries.issued_points, 0) - coalesce(entries.reversed_points, 0))
            * {{ point_cost }} as numeric(24, 4)
        ) as cost_amount
    from entries
    left join rules on not entries.is_promotion and entries.rule_id = rules.rule_id
    left join promotions on entries.is_promotion and entries.rule_id = promotions.promotion_id
)

select * from final
