{{ config(
    materialized='by_key', key='customer_id', since='business_date',
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
        and {{ of_keys_since('sales.customer_id', 'sales.business_date') }}
),

lines as (
    select
        transaction_id,
        count(*) as line_count,
        bool_or(is_merchandise) as has_merchandise,
        sum(line_amount) filter (where not is_merchandise) as other_amount
    from {{ ref('sale_lines') }}
    where
        not is_return
        and {{ of_changed_keys('transaction_id', those_sold()) }}
    group by transaction_id
),

returned as (
    select
        sale_returns.original_transaction_id,
        sum(sale_returns.returned_amount) as returned_amount
    from {{ ref('sale_returns') }} as sale_returns
    inner join as_of on sale_returns.business_date <= as_of.business_date
    group by sale_returns.original_transaction_id
),

-- The last purchase of merchandise before those that are made anew.
earlier as (
    select
        cast(null as text) as customer_id,
        cast(null as bigint) as purchase_number,
        cast(null as date) as business_date
    where false
    {{ where_kept(and_earlier_purchases) }}
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
        judged.transaction_id,
        judged.customer_id,
        judged.store_id,
        case
            when judged.has_merchandise
                then coalesce(earlier.purchase_number, 0) + row_number() over in_order
        end as purchase_number,
        judged.line_count,
        case
            when judged.has_merchandise
                then judged.business_date - coalesce(
                    lag(judged.business_date) over in_order, earlier.business_date
                )
        end as days_since_previous,
        judged.has_merchandise,
        judged.is_fully_returned,
        {% if basis == 'gross' -%}
        judged.has_merchandise as is_counted,
        {%- elif basis == 'net' -%}
        judged.has_merchandise and not judged.is_fully_returned as is_counted,
        {%- else -%}
        {{ exceptions.raise_compiler_error('rfm_monetary_basis: use net or gross') }}
        {%- endif %}
        judged.total_amount,
        judged.merchandise_amount,
        judged.returned_amount,
        judged.net_amount,
        judged.{{ 'merchandise_amount' if basis == 'gross' else 'net_amount' }} as monetary_amount,
        cast(
            greatest(
                judged.merchandise_amount
                - judged.points_redeemed * {{ setting('point_cost', 'LENS_POINT_COST', '0.01') }},
                0
            ) as numeric(24, 4)
        ) as eligible_amount,
        judged.points_redeemed,
        judged.business_date,
        judged.sold_at,
        judged._batch_id,
        judged._row_number
    from judged
    left join earlier on judged.customer_id = earlier.customer_id
    window
        in_order as (
            partition by judged.customer_id, judged.has_merchandise
            order by judged.business_date, judged.sold_at, judged.transaction_id collate "C"
        )
)

select * from final
