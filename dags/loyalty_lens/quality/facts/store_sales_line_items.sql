-- One row per delivered sales line. The sum of the lines is judged on the first line of a header in a
-- batch, so that a difference counts once.
with headers as (
    select distinct on (live._entity_hash)
        live._entity_hash,
        case when live._is_rejected then 'rejected' else 'accepted' end as status,
        live._is_return as is_return,
        live.original_transaction_id,
        live.total_amount
    from judge.live_store_sales_header as live
    where live._entity_hash in (select delivered._entity_hash from delivered)
    order by live._entity_hash, live._is_rejected, live._batch_id, live._row_number
),

products as materialized (
    select wanted.product_id
    from (select distinct delivered.product_id from delivered) as wanted
    where
        exists (
            select from judge.live_products as live
            where
                live._entity_hash = hashtextextended(wanted.product_id, 0)
                and not live._is_rejected
        )
),

promotions as materialized (
    select wanted.promotion_id
    from (select distinct delivered.promotion_id from delivered) as wanted
    where
        exists (
            select from judge.live_promotion_details as live
            where
                live._entity_hash = hashtextextended(wanted.promotion_id, 0)
                and not live._is_rejected
        )
),

sums as (
    select
        delivered._batch_id,
        delivered._entity_hash,
        min(delivered._row_number) as first_row,
        sum(delivered.line_item_amount) as amount
    from delivered
    where delivered.transaction_id is not null
    group by delivered._batch_id, delivered._entity_hash
),

known as (
    select
        exists (select from judge.live_products as live where not live._is_rejected) as has_products,
        exists (
            select from judge.live_promotion_details as live where not live._is_rejected
        ) as has_promotions,
        exists (
            select from ops.load_batches
            where
                load_batches.data_set = 'store_sales_header'
                and load_batches.status in ('loaded', 'validated', 'held')
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
    left join headers on delivered._entity_hash = headers._entity_hash
    left join products on delivered.product_id = products.product_id
    left join promotions on delivered.promotion_id = promotions.promotion_id
    left join sums
        on
            delivered._batch_id = sums._batch_id
            and delivered._entity_hash = sums._entity_hash
            and delivered._row_number = sums.first_row
)

select
    looked_up.*,
    case when not looked_up._is_return then looked_up.quantity end as _sale_quantity,
    case when not looked_up._is_return then looked_up.line_item_amount end as _sale_amount
from looked_up
