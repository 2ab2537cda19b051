-- A row a customer, not a pair: a shop's own number, given for a thousand, is a thousand rows.
with

customers as (
    select
        customer_id,
        lower(trim(email)) as email,
        customer_phone,
        first_name,
        last_name,
        frequency,
        monetary,
        last_purchase_date,
        customer_since,
        business_date
    from {{ ref('customer_details') }}
),

given as (
    select
        customers.customer_id,
        parts.matched_on,
        parts.shared_value
    from customers
    cross join
        lateral (
            values
            ('e-mail', customers.email),
            ('phone', customers.customer_phone)
        ) as parts (matched_on, shared_value)
    where parts.shared_value is not null
),

counts as (
    select
        matched_on,
        shared_value,
        count(*) as customer_count
    from given
    group by matched_on, shared_value
    having count(*) > 1
),

-- Whoever bought most, then most often, then came first, is proposed to stay.
proposed as (
    select distinct on (given.matched_on, given.shared_value)
        given.matched_on,
        given.shared_value,
        counts.customer_count,
        customers.customer_id,
        customers.first_name,
        customers.last_name
    from given
    inner join counts
        on given.matched_on = counts.matched_on and given.shared_value = counts.shared_value
    inner join customers on given.customer_id = customers.customer_id
    order by
        given.matched_on asc,
        given.shared_value asc,
        customers.monetary desc,
        customers.frequency desc,
        customers.customer_since asc nulls last,
        customers.customer_id collate "C" asc
),

final as (
    select
        given.matched_on,
        given.customer_id,
        proposed.customer_id as proposed_customer_id,
        given.customer_id = proposed.customer_id as is_proposed,
        lower(concat_ws(' ', customers.first_name, customers.last_name))
        = lower(concat_ws(' ', proposed.first_name, proposed.last_name)) as is_same_name,
        proposed.customer_count,
        customers.frequency,
        customers.monetary,
        customers.last_purchase_date,
        customers.customer_since,
        customers.business_date
    from given
    inner join proposed
        on given.matched_on = proposed.matched_on and given.shared_value = proposed.shared_value
    inner join customers on given.customer_id = customers.customer_id
)

select * from final
