-- One row per return that passed so far, with what became of the sale that it names.
with returns as (
    select passing.* from passing where passing._is_return
),

phones as (
    select distinct on (ops.read_id(versions.customer_id))
        ops.read_id(versions.customer_id) as customer_id,
        ops.read_phone(versions.customer_phone) as phone
    from accepted.customer_details as versions
    order by
        ops.read_id(versions.customer_id),
        coalesce(
            ops.read_timestamp(versions.modified_at, versions._date_order),
            versions._file_date,
            versions._arrival_date
        ) desc nulls first,
        versions._batch_id desc,
        versions._row_number desc
),

-- A guest who gives the phone of one customer is that customer, here as in clean.sales.
owners as (
    select
        phones.phone,
        min(phones.customer_id) as customer_id
    from phones
    where phones.phone is not null
    group by phones.phone
    having count(*) = 1
),

sales as (
    select
        ops.read_id(headers.transaction_id) as transaction_id,
        ops.read_id(headers.customer_id) as customer_id,
        ops.read_phone(headers.customer_phone) as phone,
        ops.business_date(
            ops.read_timestamp(headers.transaction_date, headers._date_order),
            ops.read_instant(headers.transaction_date, headers._date_order),
            coalesce(store_zones.time_zone, %(default_time_zone)s)
        ) as business_date,
        0 as place
    from accepted.store_sales_header as headers
    left join judge.store_zones on ops.read_id(headers.store_id) = store_zones.store_id
    where
        ops.read_id(headers.transaction_id) in (select returns.original_transaction_id from returns)
        and ops.read_id(headers.original_transaction_id) is null
        and coalesce(upper(ops.read_text(headers.transaction_type)) <> 'RETURN', true)
    union all
    select
        passing.transaction_id,
        passing.customer_id,
        passing.customer_phone as phone,
        passing._business_date as business_date,
        row_number() over (order by passing._batch_id, passing._row_number) as place
    from passing
    where
        not passing._is_return
        and passing.transaction_id in (select returns.original_transaction_id from returns)
),

named as (
    select distinct on (sales.transaction_id) sales.*
    from sales
    order by sales.transaction_id, sales.place
)

select
    returns._batch_id,
    returns._row_number,
    returns.original_transaction_id,
    case
        when returns.original_transaction_id is null then 'unnamed'
        when named.transaction_id is null then 'missing'
        when
            coalesce(named.customer_id, named_owners.customer_id)
            is distinct from coalesce(returns.customer_id, owners.customer_id)
            then 'missing'
        when named.business_date > returns._business_date then 'later'
        else 'accepted'
    end as _sale_status
from returns
left join named on returns.original_transaction_id = named.transaction_id
left join owners on returns.customer_phone = owners.phone
left join owners as named_owners on named.phone = named_owners.phone
