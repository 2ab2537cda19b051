{#- Dates of the periods that a changed day belongs to, of those that are compared with these, and of those
    that are averaged with them. A day that has come changes the running week and month, too. -#}
{% macro changed_sales_trends() -%}
    with

    first_dates as (
        {{ first_dates_of_series() }}
    ),

    first_stood as (
        select
            stood.scope,
            stood.store_id,
            min(stood.period_date) as first_date
        from {{ this }} as stood
        where stood.period = 'day'
        group by stood.scope, stood.store_id
    ),

    changed_days as (
        select cast(told.key as date) as business_date
        from ({{ told('sales_daily', 'business_date') }}) as told
        union
        select calendar.business_date from {{ ref('calendar') }} as calendar
        where calendar.business_date > {{ built_date() }}
        union
        select cast(days.day as date)
        from first_dates
        full join first_stood
            on
                first_dates.scope = first_stood.scope
                and first_dates.store_id = first_stood.store_id
        cross join {{ ref('as_of') }} as as_of
        cross join
            lateral generate_series(
                least(first_dates.first_date, first_stood.first_date),
                case
                    when first_dates.first_date is null or first_stood.first_date is null
                        then as_of.business_date
                    else greatest(first_dates.first_date, first_stood.first_date)
                end,
                interval '1 day'
            ) as days (day)
        where first_dates.first_date is distinct from first_stood.first_date
    ),

    concerned as (
        select changed_days.business_date + days_apart.days as period_date
        from changed_days
        cross join (select generate_series(0, 7) as days union all select 364) as days_apart
        union
        select cast(date_trunc('week', changed_days.business_date) as date) + weeks.days
        from changed_days
        cross join (values (0), (7), (14), (21), (364)) as weeks (days)
        union
        select
            cast(
                date_trunc('month', changed_days.business_date)
                + make_interval(months => ahead.months) as date
            )
        from changed_days
        cross join (values (0), (1), (2), (12)) as ahead (months)
    )

    select cast(concerned.period_date as text)
    from concerned
    inner join {{ ref('as_of') }} as as_of on concerned.period_date <= as_of.business_date
{%- endmacro %}


{#- A query of the days that the periods to build, those beside them and those averaged with them have. -#}
{% macro days_of_changed_trends() -%}
    select cast(changed_keys.key as date) - days_back.days
    from changed_keys
    cross join (select generate_series(0, 7) as days union all select 364) as days_back
    union all
    select cast(changed_keys.key as date) - weeks.days + days.day
    from changed_keys
    cross join (values (0), (7), (14), (21), (364)) as weeks (days)
    cross join generate_series(0, 6) as days (day)
    where extract(isodow from cast(changed_keys.key as date)) = 1
    union all
    select cast(days.day as date)
    from changed_keys
    cross join (values (0), (1), (2), (12)) as back (months)
    cross join
        lateral generate_series(
            cast(changed_keys.key as date) - make_interval(months => back.months),
            cast(changed_keys.key as date) - make_interval(months => back.months)
            + interval '1 month' - interval '1 day',
            interval '1 day'
        ) as days (day)
    where extract(day from cast(changed_keys.key as date)) = 1
{%- endmacro %}


{#- A query of the first day with sales of each store, and of all. -#}
{% macro first_dates_of_series() -%}
    select
        case when grouping(store_id) = 1 then 'all' else 'store' end as scope,
        coalesce(store_id, '') as store_id,
        min(business_date) as first_date
    from {{ ref('sales_daily') }}
    group by grouping sets ((store_id), ())
    having count(*) > 0
{%- endmacro %}
