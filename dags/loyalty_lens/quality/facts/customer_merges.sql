-- One row per delivered merge of a customer into another, or end of one.
select
    delivered.*,
    case
        when delivered.customer_id is not null
            then customers.customer_id is not null or not %(has_customers)s
    end as _customer_found,
    delivered.merged_into is null
    or others.customer_id is not null
    or not %(has_customers)s as _other_found,
    delivered._key <> ''
    and coalesce(delivered._content_hash <> lead(delivered._content_hash) over same_key, false)
        as _differs_in_file
from delivered
left join judge.found_merge_customers as customers
    on delivered.customer_id = customers.customer_id
left join judge.found_merge_customers as others on delivered.merged_into = others.customer_id
window same_key as (
    partition by delivered._batch_id, delivered._key order by delivered._row_number
)
