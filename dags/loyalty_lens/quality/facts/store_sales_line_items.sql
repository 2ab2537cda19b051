-- One row per delivered sales line. The sum of the lines is judged on the first line of a header in a
-- batch, so that a difference counts once.
with headers_known as (
    select
        ops.read_id(headers.transaction_id) as transaction_id,
        'accepted' as status,
        headers.transaction_type,
        ops.read_id(headers.original_transaction_id) as original_transaction_id,
        ops.read_number(headers.total_amount, headers._decimal_mark) as total_amount
    from accepted.store_sales_header as headers
    where ops.read_id(headers.transaction_id) in (select delivered.transaction_id from delivered)
    union all
    select
        ops.read_id(headers.transaction_id) as transaction_id,
        'rejected' as status,
        headers.transaction_type,
        ops.read_id(headers.original_transaction_id) as original_transaction_id,
        ops.read_number(headers.total_amount, batches.decimal_mark) as total_amount
    from reject.store_sales_header as headers
    inner join ops.load_batches as batches
        on headers._batch_id = batches.batch_id and batches.status = 'validated'
    where
        headers.status <> 'replayed'
        and ops.read_id(headers.transaction_id) in (select delivered.transaction_id from delivered)
),

headers as (
    select distinct on (headers_known.transaction_id)
        headers_known.*,
        coalesce(upper(ops.read_text(headers_known.transaction_type)) = 'RETURN', false)
        or headers_known.original_transaction_id is not null as is_return
    from headers_known
    order by headers_known.transaction_id, headers_known.status
),

products as (
    select distinct ops.read_id(products.product_id) as product_id
    from accepted.products
),

promotions as (
    select distinct ops.read_id(promotion_details.promotion_id) as promotion_id
    from accepted.promotion_details
),

sums as (
    select
        delivered._batch_id,
        delivered.transaction_id,
        min(delivered._row_number) as first_row,
        sum(delivered.line_item_amount) as amount
    from delivered
    where delivered.transaction_id is not null
    group by delivered._batch_id, delivered.transaction_id
),

known as (
    select
        exists (select from products) as has_products,
        exists (select from promotions) as has_promotions,
        exists (
            select from ops.load_batches
            where
                load_batches.data_set = 'store_sales_header'
                and load_batches.status in ('loaded', 'validated')
        ) as has_headers
),

looked_up as (
    select
        delivered.*,
        case
            when delivered.transaction_id is null then null
            when headers.status is not null then headers.status
            when known.has_headers then 'missing'
            else 'accepted'
        end as _header_status,
        coalesce(headers.is_return, false) as _is_return,
        headers.original_transaction_id as _original_transaction_id,
        case
            when delivered.product_id is not null
                then products.product_id is not null or not known.has_products
        end as _product_found,
        case
            when delivered.promotion_id is not null
                then promotions.promotion_id is not null or not known.has_promotions
        end as _promotion_found,
        round(abs(headers.total_amount) - abs(sums.amount), 2) as _header_difference
    from delivered
    cross join known
    left join headers on delivered.transaction_id = headers.transaction_id
    left join products on delivered.product_id = products.product_id
    left join promotions on delivered.promotion_id = promotions.promotion_id
    left join sums
        on
            delivered._batch_id = sums._batch_id
            and delivered.transaction_id = sums.transaction_id
            and delivered._row_number = sums.first_row
)

select
    looked_up.*,
    case when not looked_up._is_return then looked_up.quantity end as _sale_quantity,
    case when not looked_up._is_return then looked_up.line_item_amount end as _sale_amount
from looked_up
