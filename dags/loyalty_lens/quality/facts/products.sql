-- One row per delivered product.
select
    delivered.*,
    delivered._key <> ''
    and min(delivered._content_hash) over same_key
    <> max(delivered._content_hash) over same_key as _differs_in_file
from delivered
window same_key as (partition by delivered._batch_id, delivered._key)
