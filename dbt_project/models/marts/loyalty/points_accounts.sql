-- Whose account may be another than at the last build: rows of purchases, returns, lines, events or
-- the membership have changed, or a day has come on which points expire, are released or a tier is
-- reviewed. All others stand, and so does what was before the first date of which something has
-- changed (docs/decisions/0018, 0032, 0046).
-- Besides, all follow from: {{ ref('loyalty_tiers') }}, {{ ref('loyalty_rules') }},
-- {{ ref('promotion_versions') }}
{{ config(
    materialized='by_key', key='customer_id',
    follows=[
        'purchases', 'sale_returns', 'sale_lines', 'sales', 'points_events', 'memberships',
        'customers', 'as_of'
    ],
    unless='select not is_partial from ops.account_builds where model = \'points_accounts\'',
    pre_hook="{{ begin_accounts() }}", indexes=[{'columns': ['customer_id'], 'unique': True}]
) }}
with

build as (
    select was_complete
    from ops.account_builds
    where model = 'points_accounts'
),

accounts as (
    select customer_id from {{ ref('purchases') }}
    where {{ of_changed_keys('customer_id') }}
    union
    select points_events.customer_id
    from {{ ref('points_events') }} as points_events
    inner join {{ ref('as_of') }} as as_of on points_events.business_date <= as_of.business_date
    where {{ of_changed_keys('points_events.customer_id') }}
    union
    select customer_id from {{ ref('memberships') }}
    where {{ of_changed_keys('customer_id') }}
),

-- Rows of accounts that an earlier build did not bring to an end.
standing as (
    select
        rows_before.customer_id,
        coalesce(rows_before.changed_from, '-infinity') as changed_from
    from {{ standing_rows(
        'points_accounts',
        {'customer_id': 'text', 'is_changed': 'boolean', 'changed_from': 'date'}
    ) }} as rows_before
    cross join build
    where rows_before.is_changed and not build.was_complete
),

told as (
    -- A credit of before may pay a debt of then, once its days of waiting are over.
    select
        changed.customer_id,
        changed.changed_from - {{ var('points_pending_days') }} as changed_from
    from ({{ due_accounts() }}) as changed
    where changed.customer_id is not null
    union all
    select
        customer_id,
        changed_from
    from standing
),

due as (
    select
        customer_id,
        min(changed_from) as changed_from
    from told
    group by customer_id
),

final as (
    select
        coalesce(accounts.customer_id, due.customer_id) as customer_id,
        coalesce(
            {{ of_changed_keys('due.customer_id', 'select due.customer_id from due') }}, false
        ) as is_changed,
        -- No date where all accounts are built.
        case
            when not coalesce(
                {{ of_changed_keys('due.customer_id', 'select null as nobody') }}, false
            ) then nullif(due.changed_from, '-infinity')
        end as changed_from
    from accounts
    full join due on accounts.customer_id = due.customer_id
)

select * from final
where customer_id is not null
