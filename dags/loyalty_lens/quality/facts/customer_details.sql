-- One row per delivered customer. A phone is shared where another customer has it as well.
with phones as (
    select delivered.customer_phone, delivered.customer_id
    from delivered
    union all
    select live.customer_phone, live.customer_id
    from judge.live_customer_details as live
    where
        not live._is_rejected
        and live.customer_phone in (select delivered.customer_phone from delivered)
),

shared_phones as (
    select phones.customer_phone
    from phones
    where phones.customer_phone is not null
    group by phones.customer_phone
    having min(phones.customer_id) <> max(phones.customer_id)
)

select
    delivered.*,
    shared_phones.customer_phone is not null as _phone_shared,
    delivered._key <> ''
    and coalesce(delivered._content_hash <> lead(delivered._content_hash) over same_key, false)
        as _differs_in_file
from delivered
left join shared_phones on delivered.customer_phone = shared_phones.customer_phone
window same_key as (
    partition by delivered._batch_id, delivered._key order by delivered._row_number
)
