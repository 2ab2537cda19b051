{{ config(
    materialized='by_key', key='customer_id',
    follows=['sales', 'sale_lines', 'sale_returns', 'as_of'],
    tells=['customer_id', 'business_date', 'business_date+store_id', 'business_date+customer_id']
) }}
{%- set basis = setting('rfm_monetary_basis', 'LENS_RFM_MONETARY_BASIS', 'net') -%}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

sold as (
    select sales.*
    from {{ ref('sales') }} as sales
    inner join as_of on sales.business_date <= as_of.business_date
    where
        not sales.is_return
        and sales.customer_id is not null
        and {{ of_changed_keys('sales.customer_id') }}
),

{{ where_kept(kept_lines) }}

lines as (
    select
        transaction_id,
        count(*) as line_count,
        bool_or(is_merchandise) as has_merchandise,
        sum(line_amount) filter (where not is_merchandise) as other_amount
    from {{ ref('sale_lines') }}
    where
        not is_return
        and {{ of_changed_keys('transaction_id', transactions_without_kept_lines()) }}
    group by transaction_id
    {{ where_kept(and_kept_lines) }}
),

returned as (
    select
        sale_returns.original_transaction_id,
        sum(sale_returns.returned_amount) as returned_amount
    from {{ ref('sale_returns') }} as sale_returns
    inner join as_of on sale_returns.business_date <= as_of.business_date
    group by sale_returns.original_transaction_id
),

amounts as (
    select
        sold.transaction_id,
        sold.customer_id,
        sold.store_id,
        coalesce(lines.has_merchandise, true) as has_merchandise,
        coalesce(lines.line_count, 0) as line_count,
        sold.total_amount,
        cast(
            greatest(sold.total_amount - coalesce(lines.other_amount, 0), 0) as numeric(24, 4)
        ) as merchandise_amount,
        cast(coalesce(returned.returned_amount, 0) as numeric(24, 4)) as returned_amount,
        sold.points_redeemed,
        sold.business_date,
        sold.sold_at,
        sold._batch_id,
        sold._row_number
    from sold
    left join lines on sold.transaction_id = lines.transaction_id
    left join returned on sold.transaction_id = returned.original_transaction_id
),

judged as (
    select
        *,
        returned_amount > 0 and returned_amount >= merchandise_amount as is_fully_returned,
        cast(
            case
                when returned_amount > 0 and returned_amount >= merchandise_amount then 0
                else merchandise_amount - returned_amount
            end as numeric(24, 4)
        ) as net_amount
    from amounts
),

final as (
    select
        transaction_id,
        customer_id,
        store_id,
        case
            when has_merchandise
                then row_number() over (
                    partition by customer_id, has_merchandise
                    order by business_date, sold_at, transaction_id collate "C"
                )
        end as purchase_number,
        line_count,
        case
            when has_merchandise
                then business_date - lag(business_date) over (
                    partition by customer_id, has_merchandise
                    order by business_date, sold_at, transaction_id collate "C"
                )
        end as days_since_previous,
        has_merchandise,
        is_fully_returned,
        {% if basis == 'gross' -%}
        has_merchandise as is_counted,
        {%- elif basis == 'net' -%}
        has_merchandise and not is_fully_returned as is_counted,
        {%- else -%}
        {{ exceptions.raise_compiler_error('rfm_monetary_basis: use net or gross') }}
        {%- endif %}
        total_amount,
        merchandise_amount,
        returned_amount,
        net_amount,
        {% if basis == 'gross' %}merchandise_amount{% else %}net_amount{% endif %} as monetary_amount,
        cast(
            greatest(
                merchandise_amount
                - points_redeemed * {{ setting('point_cost', 'LENS_POINT_COST', '0.01') }},
                0
            ) as numeric(24, 4)
        ) as eligible_amount,
        points_redeemed,
        business_date,
        sold_at,
        _batch_id,
        _row_number
    from judged
)

select * from final
