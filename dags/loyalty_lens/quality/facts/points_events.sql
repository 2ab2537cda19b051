-- One row per delivered redemption or adjustment; it takes the time zone of the sale that it names.
with customers as materialized (
    select wanted.customer_id
    from (select distinct delivered.customer_id from delivered) as wanted
    where
        exists (
            select from judge.live_customer_details as live
            where
                live._entity_hash = hashtextextended(wanted.customer_id, 0)
                and not live._is_rejected
        )
),

known as (
    select
        exists (
            select from judge.live_customer_details as live where not live._is_rejected
        ) as has_customers
),

sales as (
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
),

dated as (
    select
        delivered.*,
        ops.business_date(
            delivered.event_at,
            delivered._instant_event_at,
            coalesce(sales.time_zone, %(default_time_zone)s)
        ) as _business_date,
        case
            when delivered.customer_id is not null
                then customers.customer_id is not null or not known.has_customers
        end as _customer_found
    from delivered
    cross join known
    left join customers on delivered.customer_id = customers.customer_id
    left join sales on hashtextextended(delivered.transaction_id, 0) = sales._entity_hash
)

select
    dated.*,
    cast(extract(year from dated._business_date) as integer) as _business_year,
    dated._business_date - coalesce(dated._file_date, dated._load_date) as _days_after_file,
    upper(dated.event_type) as _event_type
from dated
