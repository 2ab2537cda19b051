-- Only merchandise goes back: a returned postage fee neither takes points nor spend away.
-- A return that names no sale is still rejected (docs/decisions/0003-returns-that-name-no-sale.md).
with

sales as (
    select
        transaction_id,
        customer_id,
        store_id,
        original_transaction_id,
        is_return,
        total_amount,
        business_date,
        sold_at
    from {{ ref('sales') }}
),

other_lines as (
    select
        transaction_id,
        sum(line_amount) as line_amount
    from {{ ref('sale_lines') }}
    where is_return and not is_merchandise
    group by transaction_id
),

returned as (
    select
        sales.*,
        greatest(coalesce(other_lines.line_amount, 0) - sales.total_amount, 0) as returned_amount
    from sales
    left join other_lines on sales.transaction_id = other_lines.transaction_id
    where sales.is_return
),

final as (
    select
        returned.transaction_id as return_transaction_id,
        returned.original_transaction_id,
        returned.customer_id,
        returned.store_id,
        cast(returned.returned_amount as numeric(24, 4)) as returned_amount,
        cast(
            sum(returned.returned_amount) over (
                partition by returned.original_transaction_id
                order by
                    returned.business_date,
                    returned.sold_at,
                    returned.transaction_id collate "C"
            ) as numeric(24, 4)
        ) as returned_to_date_amount,
        returned.business_date,
        returned.sold_at as returned_at
    from returned
    inner join sales as sold
        on returned.original_transaction_id = sold.transaction_id and not sold.is_return
)

select * from final
