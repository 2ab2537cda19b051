{#- Accounts to build, and those that the last build has built: they are changed no more. -#}
{% macro changed_points_accounts() -%}
    select due.customer_id from ({{ due_accounts() }}) as due
    union all
    select stood.customer_id from {{ this }} as stood
    where stood.is_changed
{%- endmacro %}


{#- Customers of whom a row that the account follows from has changed, or for whom a day has come since the
    build before: on which points expire or are released, a purchase leaves the window of the tiers, a tier
    is reviewed, a birthday, a beginning. Each with the date from which on the account may be another
    (`changed_from`): of a purchase its own, of a day that has come the day of the build before; where
    that is not told, all of it. -#}
{% macro due_accounts() -%}
    {%- set window = var('tier_window_days') -%}
    {%- set all_of_it = "cast('-infinity' as date) as changed_from" -%}
    with

    dates as (
        select
            business_date,
            business_date_before,
            date_trunc('month', business_date + 1)
            > date_trunc('month', business_date_before + 1) as is_month_over
        from ops.account_builds
        where model = 'points_accounts'
    )

    select
        substr(told.key, 12) as customer_id,
        cast(left(told.key, 10) as date) as changed_from
    from ({{ told('purchases', 'business_date+customer_id') }}) as told
    union all
    select
        purchases.customer_id,
        purchases.business_date as changed_from
    from {{ ref('sales') }} as purchases
    where purchases.transaction_id in ({{ told('sale_lines', 'transaction_id') }})
    union all
    select
        purchases.customer_id,
        sale_returns.business_date as changed_from
    from {{ ref('sale_returns') }} as sale_returns
    inner join {{ ref('sales') }} as purchases
        on
            sale_returns.original_transaction_id = purchases.transaction_id
            and sale_returns.business_date < purchases.business_date
    where sale_returns.customer_id in ({{ told('purchases', 'customer_id') }})
    union all
    select
        told.key as customer_id,
        {{ all_of_it }}
    from (
        {{ told('points_events', 'customer_id') }}
        union all
        {{ told('memberships', 'customer_id') }}
        union all
        {{ told('customers', 'customer_id') }}
    ) as told
    union all
    select
        purchases.customer_id,
        {{ all_of_it }}
    from {{ ref('sales') }} as purchases
    where purchases.transaction_id in ({{ told('sale_returns', 'original_transaction_id') }})
    union all
    select
        points_events.customer_id,
        {{ all_of_it }}
    from {{ ref('points_events') }} as points_events
    where points_events.transaction_id in ({{ told('sales', 'transaction_id') }})
    union all
    select
        points_events.customer_id,
        {{ all_of_it }}
    from {{ ref('points_events') }} as points_events
    cross join dates
    where
        points_events.business_date > dates.business_date_before
        and points_events.business_date <= dates.business_date
    union all
    select
        purchases.customer_id,
        {{ all_of_it }}
    from {{ ref('sale_returns') }} as sale_returns
    cross join dates
    inner join {{ ref('sales') }} as purchases
        on sale_returns.original_transaction_id = purchases.transaction_id
    where
        sale_returns.business_date > dates.business_date_before
        and sale_returns.business_date <= dates.business_date
    union all
    select
        sales.customer_id,
        dates.business_date_before as changed_from
    from {{ ref('sales') }} as sales
    cross join dates
    where
        sales.business_date > dates.business_date_before - {{ window }}
        and sales.business_date <= dates.business_date - {{ window }}
    union all
    select
        lots.customer_id,
        least(lots.valid_through, dates.business_date_before) as changed_from
    from {{ standing_rows(
        'points_lots',
        {
            'customer_id': 'text', 'remaining_points': 'bigint', 'is_pending': 'boolean',
            'available_from': 'date', 'valid_through': 'date',
        }
    ) }} as lots
    cross join dates
    where
        lots.remaining_points > 0 and lots.valid_through < dates.business_date
        or lots.is_pending and lots.available_from <= dates.business_date
    union all
    select
        tiers.customer_id,
        dates.business_date_before as changed_from
    from {{ standing_rows(
        'tier_history', {'customer_id': 'text', 'tier_rank': 'integer', 'is_current': 'boolean'}
    ) }} as tiers
    cross join dates
    where tiers.is_current and tiers.tier_rank > 1 and dates.is_month_over
    union all
    select
        memberships.customer_id,
        {{ all_of_it }}
    from {{ ref('memberships') }} as memberships
    inner join {{ ref('customers') }} as customers
        on memberships.customer_id = customers.customer_id
    cross join dates
    where
        memberships.opened_on > dates.business_date_before
        and memberships.opened_on <= dates.business_date
        or memberships.member_since > dates.business_date_before
        and memberships.member_since <= dates.business_date
        or {{ birthdays_until('dates.business_date') }}
        > {{ birthdays_until('dates.business_date_before') }}
{%- endmacro %}


{#- How many birthdays a customer has had by a date, but for a constant. -#}
{% macro birthdays_until(date) -%}
    extract(year from {{ date }})
    - case
        when
            customers.birth_date
            + make_interval(
                years => cast(
                    extract(year from {{ date }}) - extract(year from customers.birth_date) as integer
                )
            ) > {{ date }}
            then 1
        else 0
    end
{%- endmacro %}
