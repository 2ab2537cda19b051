{#- Months in which anybody bought otherwise, and all in which customers did who are new or of another cohort. -#}
{% macro changed_cohort_months() -%}
    {{ told('member_months', 'month_date') }}
    union all
    select cast(months.month_date as text)
    from {{ ref('member_months') }} as months
    where months.customer_id in ({{ told('customer_habits', 'customer_id') }})
{%- endmacro %}
