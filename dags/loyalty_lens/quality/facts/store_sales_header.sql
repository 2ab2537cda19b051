-- One row per delivered sales header.
with dated as (
    select
        delivered.*,
        coalesce(upper(delivered.transaction_type) = 'RETURN', false)
        or delivered.original_transaction_id is not null as _is_return,
        ops.business_date(
            delivered.transaction_date,
            delivered._instant_transaction_date,
            coalesce(store_zones.time_zone, %(default_time_zone)s)
        ) as _business_date,
        case
            when delivered.store_id is not null
                then store_zones.store_id is not null or not %(has_stores)s
        end as _store_found,
        case
            when delivered.customer_id is not null
                then customers.customer_id is not null or not %(has_customers)s
        end as _customer_found
    from delivered
    left join judge.store_zones on delivered.store_id = store_zones.store_id
    left join judge.found_customers as customers on delivered.customer_id = customers.customer_id
)

select
    dated.*,
    cast(extract(year from dated._business_date) as integer) as _business_year,
    dated._business_date - coalesce(dated._file_date, dated._load_date) as _days_after_file,
    case when not dated._is_return then dated.total_amount end as _sale_amount,
    upper(dated.transaction_type) as _transaction_type,
    upper(dated.currency) = upper(%(currency)s) as _currency_fits
from dated
