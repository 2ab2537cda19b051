-- One row per return among the headers of the lines judged, and per sale that one of them names: of all
-- lines only those of these can matter to the returns.
select headers._entity_hash
from judge.found_headers as headers
where headers.is_return
union
select hashtextextended(headers.original_transaction_id, 0) as _entity_hash
from judge.found_headers as headers
where headers.is_return and headers.original_transaction_id is not null
