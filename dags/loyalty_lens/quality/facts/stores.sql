-- One row per delivered store.
select
    delivered.*,
    case
        when delivered.time_zone is not null then time_zones.name is not null
    end as _time_zone_found,
    delivered._key <> ''
    and coalesce(delivered._content_hash <> lead(delivered._content_hash) over same_key, false)
        as _differs_in_file
from delivered
left join judge.time_zones on lower(delivered.time_zone) = lower(time_zones.name)
window same_key as (
    partition by delivered._batch_id, delivered._key order by delivered._row_number
)
