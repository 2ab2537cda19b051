{{ config(
    materialized='by_key', key='business_date', key_type='date',
    follows=['sale_lines', 'product_numbers', 'as_of'], tells_rows=true,
    indexes=[{'columns': ['business_date']}]
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

final as (
    select
        sale_lines.business_date,
        sale_lines.transaction_id,
        array_agg(distinct numbers.product_number order by numbers.product_number)
            as product_numbers
    from {{ ref('sale_lines') }} as sale_lines
    cross join as_of
    inner join {{ ref('product_numbers') }} as numbers
        on sale_lines.product_id = numbers.product_id
    where
        {{ is_of_basket('sale_lines.') }}
        and sale_lines.business_date <= as_of.business_date
        {%- if var('affinity_window_days', none) is not none %}
        and sale_lines.business_date > as_of.business_date - {{ var('affinity_window_days') }}
        {%- endif %}
        and {{ of_changed_days('sale_lines.business_date') }}
    group by sale_lines.business_date, sale_lines.transaction_id
)

select * from final
