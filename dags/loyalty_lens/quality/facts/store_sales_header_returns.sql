-- One row per return that passed so far, with what became of the sale that it names. One that names
-- none is left to its lines: what they decided stands until they are judged again.
with returns as (
    select passing.* from passing where passing._is_return
),

sales as (
    select
        returns.original_transaction_id as transaction_id,
        live.customer_id,
        live.customer_phone as phone,
        ops.business_date(
            live.transaction_date,
            live._instant_transaction_date,
            coalesce(store_zones.time_zone, %(default_time_zone)s)
        ) as business_date,
        0 as place
    from returns
    inner join judge.live_store_sales_header as live
        on hashtextextended(returns.original_transaction_id, 0) = live._entity_hash
    left join judge.store_zones on live.store_id = store_zones.store_id
    where not live._is_rejected and not live._is_return
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
),

-- Who holds a phone of these sales and returns now: by the newest version of each customer who ever
-- had it. A guest who gives the phone of one customer is that customer, here as in clean.sales.
holders as (
    select distinct live._entity_hash
    from judge.live_customer_details as live
    where
        not live._is_rejected
        and live.customer_phone in (
            select returns.customer_phone from returns
            union all
            select named.phone from named
        )
),

newest as (
    select distinct on (live._entity_hash)
        live.customer_id,
        live.customer_phone as phone
    from judge.live_customer_details as live
    inner join holders on live._entity_hash = holders._entity_hash
    where not live._is_rejected
    order by
        live._entity_hash, live._version_at desc, live._batch_id desc, live._row_number desc
),

owners as (
    select
        newest.phone,
        min(coalesce(kept.kept_customer_id, newest.customer_id)) as customer_id
    from newest
    left join judge.kept_customers as kept on newest.customer_id = kept.customer_id
    where newest.phone is not null
    group by newest.phone
    having count(distinct coalesce(kept.kept_customer_id, newest.customer_id)) = 1
)

select
    returns._batch_id,
    returns._row_number,
    returns.original_transaction_id,
    case
        when returns.original_transaction_id is null
            then case when standing._batch_id is null then 'accepted' else 'unmatched' end
        when named.transaction_id is null then 'missing'
        when
            coalesce(named_kept.kept_customer_id, named.customer_id, named_owners.customer_id)
            is distinct from
            coalesce(kept.kept_customer_id, returns.customer_id, owners.customer_id)
            then 'missing'
        when named.business_date > returns._business_date then 'later'
        else 'accepted'
    end as _sale_status
from returns
left join reject.store_sales_header as standing
    on
        returns._batch_id = standing._batch_id
        and returns._row_number = standing._row_number
        and standing.status = 'open'
        and 'return_without_sale' = any(standing.rule_ids)
left join named on returns.original_transaction_id = named.transaction_id
left join owners on returns.customer_phone = owners.phone
left join owners as named_owners on named.phone = named_owners.phone
left join judge.kept_customers as kept on returns.customer_id = kept.customer_id
left join judge.kept_customers as named_kept on named.customer_id = named_kept.customer_id
