-- One row per header and batch of the lines judged, where the header was delivered; of several headers
-- the first accepted one. `difference` is what its amount differs by from the sum of these lines.
-- A return that waits for a sale that its lines may take back counts as accepted: they decide.
with headers as (
    select distinct on (live._entity_hash)
        live._entity_hash,
        case when live._is_rejected and not live._is_unmatched then 'rejected' else 'accepted' end
            as status,
        live._is_return as is_return,
        live.original_transaction_id,
        live.total_amount,
        ops.business_date(
            live.transaction_date,
            live._instant_transaction_date,
            coalesce(store_zones.time_zone, %(default_time_zone)s)
        ) as business_date
    from judge.live_store_sales_header as live
    left join judge.store_zones on live.store_id = store_zones.store_id
    where live._entity_hash in (select sums._entity_hash from judge.found_sums as sums)
    order by
        live._entity_hash,
        live._is_rejected,
        not live._is_unmatched,
        live._batch_id,
        live._row_number
)

select
    sums._batch_id,
    sums._entity_hash,
    sums.first_row,
    headers.status,
    headers.is_return,
    headers.original_transaction_id,
    headers.business_date,
    round(abs(headers.total_amount) - abs(sums.amount), 2) as difference
from judge.found_sums as sums
inner join headers on sums._entity_hash = headers._entity_hash
