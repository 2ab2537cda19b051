-- One row per delivered stock level.
select
    delivered.*,
    delivered.inventory_date as _business_date,
    cast(extract(year from delivered.inventory_date) as integer) as _business_year,
    delivered.inventory_date - coalesce(delivered._file_date, delivered._load_date)
        as _days_after_file,
    case
        when delivered.store_id is not null
            then store_zones.store_id is not null or not %(has_stores)s
    end as _store_found,
    case
        when delivered.product_id is not null
            then products.product_id is not null or not %(has_products)s
    end as _product_found
from delivered
left join judge.store_zones on delivered.store_id = store_zones.store_id
left join judge.found_products as products on delivered.product_id = products.product_id
