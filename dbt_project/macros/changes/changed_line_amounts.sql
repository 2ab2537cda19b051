{#- Months before the last with sales: those that have no amounts so far, those of which a sale or a line has
    changed, or a product's category. -#}
{% macro changed_line_amounts() -%}
    with

    {{ months_of_sales() }},

    changed_dates as (
        select cast(told.key as date) as business_date from ({{ told('sales', 'business_date') }}) as told
        union
        select sales.business_date
        from {{ ref('sales') }} as sales
        where sales.transaction_id in ({{ told('accepted_lines', 'transaction_id') }})
        union
        select sales.business_date
        from {{ ref('accepted_lines') }} as lines
        inner join {{ ref('sales') }} as sales on lines.transaction_id = sales.transaction_id
        where
            {{ was_told('lines.product_id', 'products', 'product_id') }}
    )

    select cast(cast(months.month as date) as text)
    from present
    cross join
        lateral generate_series(
            present.first_month, present.last_month - interval '1 month', interval '1 month'
        ) as months (month)
    where cast(months.month as date) not in (select stood.month from {{ this }} as stood)
    union all
    select cast(cast(date_trunc('month', changed_dates.business_date) as date) as text)
    from changed_dates
    inner join present on changed_dates.business_date < present.last_month
    union all
    select cast(stood.month as text) from {{ this }} as stood
    cross join present
    where not coalesce(stood.month < present.last_month, false)
{%- endmacro %}


{#- A query of the days of the months to build: an index finds their sales. -#}
{% macro days_of_changed_months() -%}
    select cast(days.day as date)
    from changed_keys
    cross join
        lateral generate_series(
            cast(changed_keys.key as date),
            cast(changed_keys.key as date) + interval '1 month' - interval '1 day',
            interval '1 day'
        ) as days (day)
{%- endmacro %}


{#- The CTE `present`: the first and the last month with sales. -#}
{% macro months_of_sales() -%}
    present as (
        select
            date_trunc('month', min(business_date)) as first_month,
            date_trunc('month', max(business_date)) as last_month
        from {{ ref('sales') }}
    )
{%- endmacro %}
