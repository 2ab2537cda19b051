-- Only merchandise goes back: a returned postage fee neither takes points nor spend away.
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

lines as (
    select
        transaction_id,
        line_item_id,
        product_id,
        is_return,
        is_merchandise,
        line_amount
    from {{ ref('sale_lines') }}
),

other_lines as (
    select
        transaction_id,
        sum(line_amount) as line_amount
    from lines
    where is_return and not is_merchandise
    group by transaction_id
),

named as (
    select
        sales.transaction_id,
        sales.original_transaction_id,
        coalesce(other_lines.line_amount, 0) - sales.total_amount as returned_amount
    from sales
    left join other_lines on sales.transaction_id = other_lines.transaction_id
    where sales.is_return and sales.original_transaction_id is not null
),

-- A return that names no sale goes to the newest earlier sale of the same product to the same
-- customer (guest: in the same store). What earlier returns took is not yet taken into account.
unnamed_matches as (
    select distinct on (returned.transaction_id, returned_lines.line_item_id)
        returned.transaction_id,
        sold.transaction_id as original_transaction_id,
        -returned_lines.line_amount as returned_amount
    from sales as returned
    inner join lines as returned_lines on returned.transaction_id = returned_lines.transaction_id
    inner join lines as sold_lines
        on
            returned_lines.product_id = sold_lines.product_id
            and not sold_lines.is_return
    inner join sales as sold
        on
            sold_lines.transaction_id = sold.transaction_id
            and returned.sold_at >= sold.sold_at
            and case
                when returned.customer_id is null
                    then sold.customer_id is null and returned.store_id = sold.store_id
                else returned.customer_id = sold.customer_id
            end
    where
        returned.is_return
        and returned.original_transaction_id is null
        and returned_lines.is_merchandise
    order by
        returned.transaction_id asc,
        returned_lines.line_item_id asc,
        sold.sold_at desc,
        sold.transaction_id desc
),

matched as (
    select * from named
    union all
    select
        transaction_id,
        original_transaction_id,
        sum(returned_amount) as returned_amount
    from unnamed_matches
    group by transaction_id, original_transaction_id
),

final as (
    select
        matched.transaction_id as return_transaction_id,
        matched.original_transaction_id,
        returned.customer_id,
        returned.store_id,
        cast(matched.returned_amount as numeric(24, 4)) as returned_amount,
        cast(
            sum(matched.returned_amount) over (
                partition by matched.original_transaction_id
                order by returned.business_date, returned.sold_at, matched.transaction_id
            ) as numeric(24, 4)
        ) as returned_to_date_amount,
        returned.business_date,
        returned.sold_at as returned_at
    from matched
    inner join sales as returned on matched.transaction_id = returned.transaction_id
    inner join sales as sold
        on matched.original_transaction_id = sold.transaction_id and not sold.is_return
)

select * from final
