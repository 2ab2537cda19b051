-- What a return can take back depends on the returns before it, those that name their sale too: one
-- fold per owner and product (ops.match_returns, docs/points.md). Only owners who ever brought
-- something back without naming the sale are looked at.
{{ config(
    tells=['original_transaction_id', 'return_transaction_id'],
    told_by=[
        'line_item_id', 'product_id', 'is_merchandise', 'quantity',
        'returned_amount'
    ]
) }}
with

sales as (
    select
        transaction_id,
        original_transaction_id,
        is_return,
        coalesce('customer ' || customer_id, 'store ' || store_id) as owner,
        business_date,
        sold_at
    from {{ ref('sales') }}
),

owners as (
    select distinct owner from sales
    where is_return and original_transaction_id is null
),

sold as (
    select sales.* from sales
    inner join owners on sales.owner = owners.owner
    where not sales.is_return
),

-- A return that names a sale of its own day is not earlier, whatever its time says.
returned as (
    select
        sales.transaction_id,
        sales.original_transaction_id,
        sales.is_return,
        coalesce(sold.owner, sales.owner) as owner,
        sales.business_date,
        case
            when sales.business_date = sold.business_date
                then greatest(sales.sold_at, sold.sold_at)
            else sales.sold_at
        end as sold_at
    from sales
    left join sold on sales.original_transaction_id = sold.transaction_id
    where
        sales.is_return
        and (sales.original_transaction_id is null or sold.transaction_id is not null)
),

lines as (
    select
        headers.*,
        sale_lines.line_item_id,
        sale_lines.product_id,
        sale_lines.is_merchandise,
        abs(sale_lines.quantity) as quantity,
        abs(sale_lines.line_amount) as line_amount
    from (
        select * from sold
        union all
        select * from returned
    ) as headers
    inner join {{ ref('sale_lines') }} as sale_lines
        on headers.transaction_id = sale_lines.transaction_id
),

asked as (
    select distinct
        owner,
        product_id
    from lines
    where is_return and original_transaction_id is null
),

events as (
    select
        lines.owner,
        lines.product_id,
        lines.transaction_id,
        null as line_item_id,
        null as original_transaction_id,
        lines.is_return,
        bool_and(lines.is_merchandise) as is_merchandise,
        sum(lines.quantity) as quantity,
        cast(null as numeric) as line_amount,
        lines.business_date,
        lines.sold_at
    from lines
    inner join asked on lines.owner = asked.owner and lines.product_id = asked.product_id
    where not lines.is_return
    group by
        lines.owner,
        lines.product_id,
        lines.transaction_id,
        lines.is_return,
        lines.business_date,
        lines.sold_at
    union all
    select
        lines.owner,
        lines.product_id,
        lines.transaction_id,
        lines.line_item_id,
        lines.original_transaction_id,
        lines.is_return,
        lines.is_merchandise,
        -lines.quantity as quantity,
        lines.line_amount,
        lines.business_date,
        lines.sold_at
    from lines
    inner join asked on lines.owner = asked.owner and lines.product_id = asked.product_id
    where lines.is_return
),

placed as materialized (
    select
        *,
        cast(
            row_number() over (
                partition by owner, product_id
                order by
                    business_date,
                    sold_at,
                    is_return,
                    transaction_id collate "C",
                    line_item_id collate "C"
            ) as integer
        ) as place
    from events
),

linked as (
    select
        placed.owner,
        placed.product_id,
        placed.place,
        placed.quantity,
        case when placed.original_transaction_id is not null then coalesce(named.place, 0) end
            as sale_place
    from placed
    left join placed as named
        on
            placed.owner = named.owner
            and placed.product_id = named.product_id
            and placed.original_transaction_id = named.transaction_id
            and not named.is_return
),

histories as (
    select
        owner,
        product_id,
        array_agg(quantity order by place) as quantities,
        array_agg(sale_place order by place) as sale_places
    from linked
    group by owner, product_id
),

matched as (
    select
        histories.owner,
        histories.product_id,
        matches.*,
        sum(matches.quantity) over (
            partition by histories.owner, histories.product_id, matches.return_place
            order by matches.sale_place desc
        ) as quantity_to_date
    from histories
    cross join lateral ops.match_returns(histories.quantities, histories.sale_places) as matches
),

-- A line that takes from several sales is shared by quantity; the parts add up to its amount.
final as (
    select
        returns.transaction_id as return_transaction_id,
        returns.line_item_id,
        sales.transaction_id as original_transaction_id,
        matched.product_id,
        returns.is_merchandise,
        cast(matched.quantity as numeric(18, 4)) as quantity,
        cast(
            round(returns.line_amount * matched.quantity_to_date / -returns.quantity, 4)
            - round(
                returns.line_amount
                * (matched.quantity_to_date - matched.quantity)
                / -returns.quantity,
                4
            ) as numeric(18, 4)
        ) as returned_amount
    from matched
    inner join placed as returns
        on
            matched.owner = returns.owner
            and matched.product_id = returns.product_id
            and matched.return_place = returns.place
    inner join placed as sales
        on
            matched.owner = sales.owner
            and matched.product_id = sales.product_id
            and matched.sale_place = sales.place
    where returns.original_transaction_id is null
)

select * from final
