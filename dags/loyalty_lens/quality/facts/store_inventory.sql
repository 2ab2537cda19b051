-- One row per delivered stock level.
with products as materialized (
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

known as (
    select
        exists (select from judge.live_products as live where not live._is_rejected) as has_products
)

select
    delivered.*,
    delivered.inventory_date as _business_date,
    cast(extract(year from delivered.inventory_date) as integer) as _business_year,
    delivered.inventory_date - coalesce(delivered._file_date, delivered._load_date)
        as _days_after_file,
    case
        when delivered.store_id is not null
            then store_zones.store_id is not null or not exists (select from judge.store_zones)
    end as _store_found,
    case
        when delivered.product_id is not null
            then products.product_id is not null or not known.has_products
    end as _product_found
from delivered
cross join known
left join judge.store_zones on delivered.store_id = store_zones.store_id
left join products on delivered.product_id = products.product_id
