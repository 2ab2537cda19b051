-- One row per delivered customer. A phone is shared where another customer has it as well.
with phones as (
    select delivered.customer_phone, delivered.customer_id
    from delivered
    union all
    select
        ops.read_phone(customers.customer_phone) as customer_phone,
        ops.read_id(customers.customer_id) as customer_id
    from accepted.customer_details as customers
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
