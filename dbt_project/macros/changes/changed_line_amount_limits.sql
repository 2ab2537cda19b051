{#- Months up to the last with sales: those that have no limits so far, and the three after any month whose
    amounts have changed. -#}
{% macro changed_line_amount_limits() -%}
    with

    {{ months_of_sales() }}

    select cast(cast(months.month as date) as text)
    from present
    cross join
        lateral generate_series(present.first_month, present.last_month, interval '1 month')
            as months (month)
    where cast(months.month as date) not in (select stood.month from {{ this }} as stood)
    union all
    select cast(cast(cast(told.key as date) + make_interval(months => ahead.months) as date) as text)
    from ({{ told('line_amounts', 'month') }}) as told
    cross join generate_series(1, 3) as ahead (months)
    union all
    select cast(stood.month as text) from {{ this }} as stood
    cross join present
    where not coalesce(stood.month <= present.last_month, false)
{%- endmacro %}
