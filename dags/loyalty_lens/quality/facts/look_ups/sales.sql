-- One row per accepted sale named by the rows judged, with the time zone of its store.
select distinct on (live._entity_hash)
    live._entity_hash,
    store_zones.time_zone
from judge.live_store_sales_header as live
inner join judge.store_zones on live.store_id = store_zones.store_id
where
    not live._is_rejected
    and live._entity_hash in (
        select hashtextextended(delivered.transaction_id, 0) from delivered
    )
order by live._entity_hash, live._batch_id, live._row_number
