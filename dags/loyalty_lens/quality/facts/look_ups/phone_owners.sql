-- One row per phone by which a sale or return may belong to a customer: who alone has it, by the newest
-- version of each customer who ever had it. Phones of these returns, of their customers, and of the
-- guests of their stores.
with phones as (
    select returned.customer_phone
    from judge.found_returned as returned
    where returned.customer_id is null
    union
    select live.customer_phone
    from judge.live_customer_details as live
    where
        not live._is_rejected
        and live._entity_hash in (
            select hashtextextended(returned.customer_id, 0)
            from judge.found_returned as returned
        )
    union
    select live.customer_phone
    from judge.live_store_sales_header as live
    where
        live.customer_id is null
        and live.store_id in (
            select returned.store_id from judge.found_returned as returned
            where returned.customer_id is null
        )
),

holders as (
    select distinct live._entity_hash
    from judge.live_customer_details as live
    where not live._is_rejected and live.customer_phone in (select phones.customer_phone from phones)
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
)

select
    newest.phone,
    min(newest.customer_id) as customer_id
from newest
where newest.phone is not null
group by newest.phone
having count(*) = 1
