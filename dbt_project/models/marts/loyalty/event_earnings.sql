-- Only bonus points: there is nothing that a rate or a threshold could be held against.
{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id']}]
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

rules as (
    select
        *,
        least(bonus_points, max_points) as points
    from {{ ref('loyalty_rules') }}
    where
        event in ('SIGN_UP', 'BIRTHDAY')
        and is_active
        and store_id is null
        and product_category is null
        and not is_first_purchase_only
        and inactive_days is null
),

members as (
    select
        memberships.customer_id,
        memberships.member_since,
        greatest(memberships.member_since, memberships.events_count_from) as first_day,
        customers.birth_date,
        memberships._batch_id,
        memberships._row_number
    from {{ ref('memberships') }} as memberships
    inner join {{ ref('customers') }} as customers
        on memberships.customer_id = customers.customer_id
    where
        exists (select 1 as is_there from rules)
        and {{ of_changed('memberships.customer_id') }}
),

sign_ups as (
    select
        members.customer_id,
        'SIGN_UP' as event,
        members.member_since as business_date
    from members
    where members.member_since >= members.first_day
),

-- Postgres takes 29 February to the 28th where the year has none.
birthdays as (
    select
        members.customer_id,
        'BIRTHDAY' as event,
        cast(members.birth_date + make_interval(years => ages.age) as date) as business_date
    from members
    cross join as_of
    cross join
        lateral generate_series(
            greatest(
                cast(
                    extract(year from members.first_day) - extract(year from members.birth_date)
                    as integer
                ),
                1
            ),
            cast(
                extract(year from as_of.business_date) - extract(year from members.birth_date)
                as integer
            )
        ) as ages (age)
    where
        cast(members.birth_date + make_interval(years => ages.age) as date) >= members.first_day
),

occasions as (
    select * from sign_ups
    union all
    select * from birthdays
),

held_tiers as (
    select
        occasions.*,
        coalesce(tier_history.tier_rank, 1) as tier_rank
    from occasions
    inner join as_of on occasions.business_date <= as_of.business_date
    left join {{ ref('tier_history') }} as tier_history
        on
            occasions.customer_id = tier_history.customer_id
            and occasions.business_date > tier_history.valid_from
            and occasions.business_date <= coalesce(tier_history.valid_to, 'infinity')
),

met as (
    select
        held_tiers.customer_id,
        held_tiers.event,
        held_tiers.business_date,
        rules.rule_id,
        rules.rule_version,
        rules.rule_group,
        rules.points
    from held_tiers
    inner join rules
        on
            held_tiers.event = rules.event
            and held_tiers.business_date >= rules.valid_from
            and held_tiers.business_date < coalesce(rules.valid_to, 'infinity')
            and held_tiers.business_date >= coalesce(rules.start_date, rules.valid_from)
            and held_tiers.business_date <= coalesce(rules.end_date, 'infinity')
            and (
                rules.weekdays is null
                or position(
                    cast(extract(isodow from held_tiers.business_date) as text) in rules.weekdays
                ) > 0
            )
            and (rules.tier is null or held_tiers.tier_rank = rules.tier_rank)
),

winners as (
    select distinct on (customer_id, event, business_date, rule_group) *
    from met
    order by
        customer_id asc,
        event asc,
        business_date asc,
        rule_group asc,
        points desc,
        rule_id collate "C" asc
),

final as (
    select
        {{ content_hash([
            'winners.event', 'winners.customer_id', 'winners.rule_id', 'winners.rule_version',
            'winners.business_date',
        ]) }} as lot_id,
        winners.customer_id,
        winners.event,
        winners.rule_id,
        winners.rule_version,
        cast(winners.points as bigint) as bonus_points,
        winners.business_date,
        {{ valid_through('winners.business_date') }} as valid_through,
        members._batch_id,
        members._row_number
    from winners
    inner join members on winners.customer_id = members.customer_id
)

select * from final
