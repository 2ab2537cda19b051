{%- set point_cost = setting('point_cost', 'LENS_POINT_COST', '0.01') %}
-- Points are an estimate: the rules in force for any purchase, on the whole amount. Rules for a
-- category or a first purchase are left aside.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

-- Guests who left a phone, and those who turned out to be customers by it.
sales as (
    select
        sales.*,
        case
            when sales.is_return then 0
            else
                greatest(sales.total_amount - sales.points_redeemed * {{ point_cost }}, 0)
        end as eligible_amount
    from {{ ref('sales') }} as sales
    inner join as_of on sales.business_date <= as_of.business_date
    where sales.delivered_customer_id is null and sales.customer_phone is not null
),

earned as (
    select
        sales.transaction_id,
        rules.rule_id,
        rules.rule_group,
        rules.min_spend_threshold,
        least(
            {{ rounded_points('sales.eligible_amount * rules.points_per_unit_spend') }}
            + rules.bonus_points,
            rules.max_points
        ) as points
    from sales
    inner join {{ ref('loyalty_rules') }} as rules
        on
            sales.business_date >= rules.valid_from
            and sales.business_date < coalesce(rules.valid_to, 'infinity')
            and sales.business_date >= coalesce(rules.start_date, rules.valid_from)
            and sales.business_date <= coalesce(rules.end_date, 'infinity')
            and sales.eligible_amount >= rules.min_spend_threshold
            and (rules.store_id is null or sales.store_id = rules.store_id)
            and (
                rules.weekdays is null
                or position(cast(sales.weekday as text) in rules.weekdays) > 0
            )
    where
        rules.event = 'PURCHASE'
        and rules.is_active
        and rules.tier is null
        and rules.inactive_days is null
        and not rules.is_first_purchase_only
        and rules.product_category is null
        and sales.eligible_amount > 0
),

winners as (
    select distinct on (transaction_id, rule_group) *
    from earned
    order by
        transaction_id asc,
        rule_group asc,
        min_spend_threshold desc,
        points desc,
        rule_id collate "C" asc
),

points as (
    select
        transaction_id,
        sum(points) as points
    from winners
    group by transaction_id
),

buyers as (
    select
        sales.customer_phone,
        count(*) filter (where not sales.is_return) as purchase_count,
        count(distinct sales.business_date) filter (where not sales.is_return) as visit_count,
        count(*) filter (where sales.customer_id is not null) as attributed_count,
        sum(sales.total_amount) as spend_amount,
        sum(points.points) as points,
        min(sales.business_date) filter (where not sales.is_return) as first_purchase_date,
        max(sales.business_date) filter (where not sales.is_return) as last_purchase_date
    from sales
    left join points on sales.transaction_id = points.transaction_id
    group by sales.customer_phone
    having count(*) filter (where not sales.is_return) > 0
),

final as (
    select
        buyers.customer_phone,
        case
            when owners.customer_id is not null then 'closed'
            when owners.customer_count > 1 then 'ambiguous'
            else 'open'
        end as status,
        owners.customer_id,
        buyers.visit_count,
        buyers.purchase_count,
        buyers.attributed_count,
        cast(buyers.spend_amount as numeric(24, 4)) as spend_amount,
        cast(coalesce(buyers.points, 0) as bigint) as expected_points,
        buyers.first_purchase_date,
        buyers.last_purchase_date,
        case
            when owners.customer_id is not null and owners.known_since_date > '-infinity'
                then owners.known_since_date
        end as closed_date,
        as_of.business_date
    from buyers
    cross join as_of
    left join {{ ref('phone_owners') }} as owners
        on buyers.customer_phone = owners.customer_phone
    -- Who was a customer before the first purchase was never new.
    where owners.customer_id is null or owners.known_since_date > buyers.first_purchase_date
)

select * from final
