{%- set kinds = [
    'tier_reached', 'points_expire_7', 'points_expire_30', 'tier_at_risk', 'points_earned'
] -%}
-- What happened to a customer becomes events, each with a key that is told once for ever
-- (ops.notification_events). What is due for a customer is one message; its subject is that of the
-- first kind in notification_templates.
with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

customers as (
    select
        customer_id,
        marketing_consent
    from {{ ref('customer_details') }}
),

-- Where no customer file ever said who consents, a setting decides.
reachable as (
    select customers.customer_id
    from customers
    where
        customers.marketing_consent
        or (
            '{{ setting("consent_when_missing", "LENS_CONSENT_WHEN_MISSING", "exclude") }}'
            = 'include'
            and not exists (
                select 1 as is_said
                from customers as others
                where others.marketing_consent is not null
            )
        )
),

told as (
    select event_key from {{ source('ops', 'notification_events') }}
),

-- A customer who was merged since brings the messages along.
written_to as (
    select
        coalesce(mergers.merged_into, notifications.customer_id) as customer_id,
        max(notifications.business_date) as business_date
    from {{ source('ops', 'notifications') }} as notifications
    left join {{ ref('customer_merges') }} as mergers
        on notifications.customer_id = mergers.customer_id
    group by coalesce(mergers.merged_into, notifications.customer_id)
),

earned as (
    select
        ledger.customer_id,
        'points_earned' as template,
        'points_earned:' || ledger.lot_id as event_key,
        sum(ledger.points) as points,
        cast(null as text) as tier,
        cast(null as numeric) as amount,
        max(ledger.business_date) as event_date
    from {{ ref('points_ledger') }} as ledger
    cross join as_of
    where
        ledger.entry_type in ('EARN', 'BONUS')
        and ledger.business_date > as_of.business_date - {{ var('notification_earned_days') }}
    group by ledger.customer_id, ledger.lot_id
    having sum(ledger.points) > 0
),

expiring as (
    select
        expiring.customer_id,
        soon.template,
        soon.template || ':' || expiring.lot_id as event_key,
        expiring.expiring_points as points,
        cast(null as text) as tier,
        cast(null as numeric) as amount,
        expiring.valid_through as event_date
    from {{ ref('points_expiring') }} as expiring
    inner join
        (
            values ('points_expire_7', 0, 7), ('points_expire_30', 8, 30)
        ) as soon (template, first_day, last_day)
        on expiring.days_left between soon.first_day and soon.last_day
),

tiers as (
    select
        tiers.*,
        lag(tiers.tier_rank) over (
            partition by tiers.customer_id order by tiers.valid_from
        ) as rank_before
    from {{ ref('tier_history') }} as tiers
),

reached as (
    select
        tiers.customer_id,
        'tier_reached' as template,
        'tier_reached:' || tiers.customer_id || ':' || tiers.tier || ':' || tiers.valid_from
            as event_key,
        cast(null as bigint) as points,
        tiers.tier,
        cast(null as numeric) as amount,
        tiers.valid_from as event_date
    from tiers
    cross join as_of
    where
        tiers.is_current
        and tiers.tier_rank > tiers.rank_before
        and tiers.valid_from > as_of.business_date - {{ var('notification_earned_days') }}
),

at_risk as (
    select
        standings.customer_id,
        'tier_at_risk' as template,
        'tier_at_risk:' || standings.customer_id || ':' || standings.tier
        || ':' || standings.tier_since as event_key,
        cast(null as bigint) as points,
        standings.tier,
        held.min_spend_amount - standings.spend_amount as amount,
        standings.business_date as event_date
    from {{ ref('tier_standings') }} as standings
    inner join {{ ref('loyalty_tiers') }} as held on standings.tier = held.tier
    where
        standings.tier_since is not null
        and standings.spend_amount < held.min_spend_amount
),

events as (
    select * from earned
    union all
    select * from expiring
    union all
    select * from reached
    union all
    select * from at_risk
),

due as (
    select events.*
    from events
    inner join reachable on events.customer_id = reachable.customer_id
    cross join as_of
    left join written_to on events.customer_id = written_to.customer_id
    left join told on events.event_key = told.event_key
    where
        told.event_key is null
        and (
            written_to.business_date is null
            or written_to.business_date
            <= as_of.business_date - {{ var('notification_gap_days') }}
        )
),

by_kind as (
    select
        due.customer_id,
        due.template,
        templates.position,
        cast(sum(due.points) as bigint) as points,
        max(due.tier) as tier,
        max(due.amount) as amount,
        -- Points that expire on several days: the first of them.
        min(due.event_date) as event_date,
        templates.subject,
        templates.sentence
    from due
    inner join {{ ref('notification_templates') }} as templates on due.template = templates.template
    group by
        due.customer_id, due.template, templates.position, templates.subject, templates.sentence
),

figures as (
    select
        by_kind.*,
        balances.available_points,
        trim(to_char(by_kind.points, '999,999,999,999')) as points_text,
        trim(to_char(balances.available_points, '999,999,999,990')) as balance_text,
        to_char(by_kind.event_date, 'YYYY-MM-DD') as date_text,
        by_kind.tier as tier_text,
        trim(to_char(by_kind.amount, '999,999,999,990.00'))
        || ' {{ setting("currency", "LENS_CURRENCY", "EUR") }}' as amount_text
    from by_kind
    inner join {{ ref('points_balances') }} as balances
        on by_kind.customer_id = balances.customer_id
),

worded as (
    select
        figures.*,
        {{ filled_template('figures.subject', 'figures') }} as worded_subject,
        {{ filled_template('figures.sentence', 'figures') }} as worded_sentence
    from figures
),

keys as (
    select
        customer_id,
        array_agg(event_key order by event_key collate "C") as event_keys
    from due
    group by customer_id
),

messages as (
    select
        customer_id,
        (array_agg(template order by position))[1] as template,
        (array_agg(worded_subject order by position))[1] as subject,
        string_agg(worded_sentence, ' ' order by position) as body,
        {%- for kind in kinds %}
        bool_or(template = '{{ kind }}') as has_{{ kind }},
        {%- endfor %}
        sum(points) filter (where template = 'points_earned') as earned_points,
        sum(points) filter (where template = 'points_expire_7') as expiring_7_points,
        sum(points) filter (where template = 'points_expire_30') as expiring_30_points,
        max(available_points) as balance_points,
        max(tier) filter (where template = 'tier_reached') as reached_tier,
        max(tier) filter (where template = 'tier_at_risk') as at_risk_tier
    from worded
    group by customer_id
),

final as (
    select
        md5(array_to_string(keys.event_keys, '|')) as notification_id,
        messages.customer_id,
        messages.template,
        messages.subject,
        messages.body,
        keys.event_keys,
        messages.reached_tier,
        messages.at_risk_tier,
        {%- for kind in kinds %}
        messages.has_{{ kind }},
        {%- endfor %}
        cast(coalesce(messages.earned_points, 0) as bigint) as earned_points,
        cast(messages.balance_points as bigint) as balance_points,
        cast(coalesce(messages.expiring_7_points, 0) as bigint) as expiring_7_points,
        cast(coalesce(messages.expiring_30_points, 0) as bigint) as expiring_30_points,
        as_of.business_date
    from messages
    inner join keys on messages.customer_id = keys.customer_id
    cross join as_of
)

select * from final
