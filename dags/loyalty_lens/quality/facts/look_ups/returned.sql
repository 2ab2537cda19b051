-- One row per header of the return lines judged, or whose lines are to be looked at again, and per sale
-- that one of them names.
with returns as (
    select distinct on (live._entity_hash)
        live._entity_hash,
        live._original_hash,
        live._is_return as is_return,
        live.customer_id,
        live.customer_phone,
        live.store_id
    from judge.live_store_sales_header as live
    where
        live._is_return
        and (not live._is_rejected or live._is_unmatched)
        and live._entity_hash in (
            select headers._entity_hash from judge.found_headers as headers
            where headers.is_return and headers.status = 'accepted'
            union all
            select again._entity_hash from judge.returns_to_review as again
        )
    order by live._entity_hash, live._is_rejected, live._batch_id, live._row_number
)

select returns.* from returns
union all
select distinct on (live._entity_hash)
    live._entity_hash,
    live._original_hash,
    live._is_return as is_return,
    live.customer_id,
    live.customer_phone,
    live.store_id
from judge.live_store_sales_header as live
where
    not live._is_rejected
    and not live._is_return
    and live._entity_hash in (select returns._original_hash from returns)
