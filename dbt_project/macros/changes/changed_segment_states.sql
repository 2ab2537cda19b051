{#- States on and after the first date of which anything has changed, and of which one was current: what
    can be spent then is another question than what was in the ledger. -#}
{% macro changed_segment_states() -%}
    with

    changed_dates as (
        select cast(told.key as date) as changed_date from ({{ told('sales', 'business_date') }}) as told
        union all
        select cast(told.key as date) from ({{ told('sale_lines', 'business_date') }}) as told
        union all
        select cast(told.key as date) from ({{ told('sale_returns', 'business_date') }}) as told
        union all
        select cast(told.key as date) from ({{ told('points_ledger', 'business_date') }}) as told
        union all
        select cast(told.key as date)
        from ({{ told('delivered_last_purchases', 'last_purchase_date') }}) as told
        union all
        select builds.business_date from ops.row_builds as builds
        where builds.model = '{{ model.name }}'
    )

    select cast(states.state_date as text)
    from {{ ref('state_dates') }} as states
    where
        states.is_current
        or states.state_date >= (select min(changed_dates.changed_date) from changed_dates)
        or states.state_date not in (select stood.state_date from {{ this }} as stood)
    union all
    select cast(stood.state_date as text)
    from (select distinct rows.state_date from {{ this }} as rows) as stood
    where
        stood.state_date not in (
            select states.state_date from {{ ref('state_dates') }} as states
        )
{%- endmacro %}
