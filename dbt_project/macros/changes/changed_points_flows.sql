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
