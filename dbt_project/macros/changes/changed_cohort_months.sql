{#- Months with a day that was told, and all in which customers bought who are new or of another cohort. -#}
{% macro changed_cohort_months() -%}
    with

    days as (
        select cast(told.key as date) as business_date
        from ({{ told('member_days', 'business_date') }}) as told
        union all
        select member_days.business_date
        from {{ ref('member_days') }} as member_days
        where member_days.customer_id in ({{ told('customer_habits', 'customer_id') }})
    )

    select cast(cast(date_trunc('month', days.business_date) as date) as text) from days
{%- endmacro %}
