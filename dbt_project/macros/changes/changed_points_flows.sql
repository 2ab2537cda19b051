{#- Days and stores of entries that have changed; of a customer who held another tier, of all entries since;
    and, without a store, days of tiers that have changed, and on which a customer takes another balance
    along. -#}
{% macro changed_points_flows() -%}
    with

    moved as (
        {{ told_dates_of_customers('tier_history') }}
    ),

    changed as (
        select
            customer_id,
            changed_from
        from moved
        union all
        select
            told.customer_id,
            told.changed_from
        from ({{ told_dates_of_customers('points_ledger') }}) as told
    )

    {{ told('points_ledger', 'business_date+store_id') }}
    union all
    select told.key || ' ' from ({{ told('tier_history', 'valid_from') }}) as told
    union all
    select {{ key_of('business_date+store_id', 'entries') }}
    from {{ ref('points_ledger') }} as entries
    inner join moved on entries.customer_id = moved.customer_id
    where entries.business_date >= moved.changed_from
    union all
    select tiers.valid_from || ' '
    from {{ ref('tier_history') }} as tiers
    inner join changed on tiers.customer_id = changed.customer_id
    where tiers.valid_from >= changed.changed_from
{%- endmacro %}


{#- The condition that a row's date and store are a pair to build; without coalesce(), so that an index of
    both finds it. -#}
{% macro of_changed_stores(date, store) -%}
    {%- if flags is not defined or not execute or model.resource_type != 'model'
        or flags.WHICH not in ('run', 'build') -%}
        true
    {%- else -%}
        /*changed*/ ({{ date }}, {{ store }}) in (
            select cast(left(changed_keys.key, 10) as date), substr(changed_keys.key, 12)
            from changed_keys
            where length(changed_keys.key) > 11
        ) /*end*/
    {%- endif -%}
{%- endmacro %}


{#- The same of a row without a store. -#}
{% macro of_changed_days_alone(date) -%}
    {%- if flags is not defined or not execute or model.resource_type != 'model'
        or flags.WHICH not in ('run', 'build') -%}
        true
    {%- else -%}
        /*changed*/ {{ date }} = any (
            array(
                select cast(left(changed_keys.key, 10) as date)
                from changed_keys
                where length(changed_keys.key) = 11
            )
        ) /*end*/
    {%- endif -%}
{%- endmacro %}
