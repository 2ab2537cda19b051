-- The same headers, each with the moment that counts. A table meets itself here: its statistics are
-- needed, or each header is compared with all of them.
-- A return that names a sale of its own day is not earlier, whatever its time says.
select
    headers._entity_hash,
    headers._original_hash,
    headers.is_return,
    headers.transaction_id,
    headers.owner,
    headers.business_date,
    case
        when headers.business_date = named.business_date then greatest(headers.sold_at, named.sold_at)
        else headers.sold_at
    end as sold_at
from judge.found_return_moments as headers
left join judge.found_return_moments as named
    on headers._original_hash = named._entity_hash and not named.is_return
