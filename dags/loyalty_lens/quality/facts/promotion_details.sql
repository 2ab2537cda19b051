-- One row per delivered promotion; the discount as a share whatever the file's unit.
select
    delivered.*,
    delivered.discount_percentage
    / case when delivered._is_discount_in_percent then 100 else 1 end as _discount,
    delivered._key <> ''
    and coalesce(delivered._content_hash <> lead(delivered._content_hash) over same_key, false)
        as _differs_in_file
from delivered
window same_key as (
    partition by delivered._batch_id, delivered._key order by delivered._row_number
)
