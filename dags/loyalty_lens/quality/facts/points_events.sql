-- One row per delivered redemption or adjustment; it takes the time zone of the sale that it names.
with dated as (
    select
        delivered.*,
        ops.business_date(
            delivered.event_at,
            delivered._instant_event_at,
            coalesce(sales.time_zone, %(default_time_zone)s)
        ) as _business_date,
        case
            when delivered.customer_id is not null
                then customers.customer_id is not null or not %(has_customers)s
        end as _customer_found
    from delivered
    left join judge.found_customers as customers on delivered.customer_id = customers.customer_id
    left join judge.found_sales as sales
        on hashtextextended(delivered.transaction_id, 0) = sales._entity_hash
)

select
    dated.*,
    cast(extract(year from dated._business_date) as integer) as _business_year,
    dated._business_date - coalesce(dated._file_date, dated._load_date) as _days_after_file,
    upper(dated.event_type) as _event_type
from dated
