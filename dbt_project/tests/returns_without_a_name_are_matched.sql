-- The gate accepts a line of such a return only where a sale is found for all of it. A warning:
-- what a customer's phone says may have changed since.
{{ config(severity='warn') }}
select
    sale_lines.transaction_id,
    sale_lines.line_item_id
from {{ ref('sale_lines') }} as sale_lines
inner join {{ ref('sales') }} as sales on sale_lines.transaction_id = sales.transaction_id
left join {{ ref('return_matches') }} as return_matches
    on
        sale_lines.transaction_id = return_matches.return_transaction_id
        and sale_lines.line_item_id = return_matches.line_item_id
where sales.is_return and sales.original_transaction_id is null
group by sale_lines.transaction_id, sale_lines.line_item_id, sale_lines.quantity
having coalesce(sum(return_matches.quantity), 0) <> -sale_lines.quantity
