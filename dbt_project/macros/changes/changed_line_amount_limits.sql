{#- Months up to the last with sales: those that have no limits so far, and the three after any month of
    which a sale or a line has changed, or a product's category. -#}
{% macro changed_line_amount_limits() -%}
    with

    present as (
        select
            date_trunc('month', min(business_date)) as first_month,
            date_trunc('month', max(business_date)) as last_month
        from {{ ref('sales') }}
    ),

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
        lateral generate_series(present.first_month, present.last_month, interval '1 month')
            as months (month)
    where cast(months.month as date) not in (select stood.month from {{ this }} as stood)
    union all
    select distinct cast(cast(months.month as date) as text)
    from changed_dates
    cross join present
    cross join
        lateral generate_series(
            date_trunc('month', changed_dates.business_date) + interval '1 month',
            least(
                date_trunc('month', changed_dates.business_date) + interval '3 months',
                present.last_month
            ),
            interval '1 month'
        ) as months (month)
    union all
    select cast(stood.month as text) from {{ this }} as stood
    cross join present
    where not coalesce(stood.month <= present.last_month, false)
{%- endmacro %}
