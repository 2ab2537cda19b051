-- The few rules in force meet the many purchases in one pass; the tier and the categories of a
-- purchase are looked up only where a rule asks for them.
{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id', 'business_date']}],
    tells=['business_date+store_id'], since='business_date'
) }}
with

purchases as (
    select bought.* from {{ ref('purchases') }} as bought
    where
        bought.eligible_amount > 0
        and {{ of_changed_since('bought') }}
),

-- As one range: that a date lies in it is not looked up in an index, rule by rule.
rules as (
    select
        *,
        case
            when
                greatest(valid_from, start_date)
                < coalesce(least(valid_to, end_date + 1), 'infinity')
                then daterange(
                    greatest(valid_from, start_date), least(valid_to, end_date + 1)
                )
            else 'empty'
        end as in_force
    from {{ ref('loyalty_rules') }}
    where event in ('PURCHASE', 'WIN_BACK') and is_active
),

rule_categories as (
    select distinct lower(product_category) as category from {{ ref('loyalty_rules') }}
    where event in ('PURCHASE', 'WIN_BACK') and is_active and product_category is not null
),

category_amounts as (
    select
        sale_lines.transaction_id,
        rule_categories.category,
        sum(sale_lines.line_amount) as category_amount
    from {{ ref('sale_lines') }} as sale_lines
    inner join rule_categories on lower(sale_lines.product_category) = rule_categories.category
    where
        not sale_lines.is_return
        and sale_lines.is_merchandise
        and {{ of_changed(
            'sale_lines.transaction_id', 'select purchases.transaction_id from purchases'
        ) }}
    group by sale_lines.transaction_id, rule_categories.category
),

-- Rules in force on the sale's business date whose conditions and threshold are met.
met as (
    select
        purchases.transaction_id,
        purchases.customer_id,
        purchases.store_id,
        purchases.merchandise_amount,
        purchases.eligible_amount,
        purchases.business_date,
        purchases.sold_at,
        purchases._batch_id,
        purchases._row_number,
        rules.rule_id,
        rules.rule_version,
        rules.rule_group,
        case when rules.rule_group is null then rules.event end as ungrouped_event,
        rules.points_per_unit_spend,
        rules.min_spend_threshold,
        rules.bonus_points as rule_bonus_points,
        rules.max_points,
        rules.product_category is null as is_for_all_categories,
        case
            when rules.product_category is null then purchases.eligible_amount
            else least(purchases.eligible_amount, coalesce(category_amounts.category_amount, 0))
        end as base_amount
    from purchases
    inner join rules
        on
            purchases.eligible_amount >= rules.min_spend_threshold
            and purchases.business_date <@ rules.in_force
            and (rules.store_id is null or purchases.store_id = rules.store_id)
            and (
                rules.weekdays is null
                or position(
                    cast(extract(isodow from purchases.business_date) as text) in rules.weekdays
                ) > 0
            )
            and (not rules.is_first_purchase_only or purchases.purchase_number = 1)
            and (
                rules.inactive_days is null
                or purchases.days_since_previous >= rules.inactive_days
            )
            -- The tier that the customer held when the day began.
            and (
                rules.tier is null
                or rules.tier_rank = coalesce(
                    (
                        select tier_history.tier_rank
                        from {{ ref('tier_history') }} as tier_history
                        where
                            purchases.customer_id = tier_history.customer_id
                            and purchases.business_date > tier_history.valid_from
                            and purchases.business_date
                            <= coalesce(tier_history.valid_to, 'infinity')
                    ),
                    1
                )
            )
    left join category_amounts
        on
            purchases.transaction_id = category_amounts.transaction_id
            and lower(rules.product_category) = category_amounts.category
),

-- A cap per purchase holds for base and bonus together and cuts the bonus first.
based as (
    select
        *,
        least({{ rounded_points('base_amount * points_per_unit_spend') }}, max_points)
            as base_points
    from met
    where base_amount > 0
),

pointed as (
    select
        *,
        least(rule_bonus_points, max_points - base_points) as bonus_points
    from based
),

-- Inside a group the highest threshold wins, then the most points, then the lowest rule id.
winners as (
    select distinct on (transaction_id, rule_group, ungrouped_event) *
    from pointed
    order by
        transaction_id asc,
        rule_group asc,
        ungrouped_event asc,
        min_spend_threshold desc,
        base_points + bonus_points desc,
        rule_id collate "C" asc
),

final as (
    select
        {{ content_hash(["'LOT'", 'transaction_id', 'rule_id', 'rule_version']) }} as lot_id,
        transaction_id,
        rule_id,
        rule_version,
        customer_id,
        store_id,
        rule_group,
        is_for_all_categories,
        cast(points_per_unit_spend as numeric(18, 6)) as points_per_unit_spend,
        cast(min_spend_threshold as numeric(18, 4)) as min_spend_threshold,
        merchandise_amount,
        eligible_amount,
        base_amount,
        base_points,
        bonus_points,
        business_date,
        {{ valid_through('business_date') }} as valid_through,
        sold_at,
        _batch_id,
        _row_number
    from winners
)

select * from final
