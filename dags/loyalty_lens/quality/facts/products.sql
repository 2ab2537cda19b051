-- One row per delivered product.
select
    delivered.*,
    delivered._key <> ''
    and coalesce(delivered._content_hash <> lead(delivered._content_hash) over same_key, false)
        as _differs_in_file
from delivered
window same_key as (
    partition by delivered._batch_id, delivered._key order by delivered._row_number
)
