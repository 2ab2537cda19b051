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

-- Whoever bought most, then most often, then came first, is proposed to stay.
ranked as (
    select
        given.*,
        count(*) over same_value as customer_count,
        first_value(given.customer_id) over (
            partition by given.matched_on, given.shared_value
            order by
                customers.monetary desc,
                customers.frequency desc,
                customers.customer_since asc nulls last,
                given.customer_id collate "C" asc
        ) as proposed_customer_id
    from given
    inner join customers on given.customer_id = customers.customer_id
    window same_value as (partition by given.matched_on, given.shared_value)
),

final as (
    select
        ranked.matched_on,
        ranked.customer_id,
        ranked.proposed_customer_id,
        ranked.customer_id = ranked.proposed_customer_id as is_proposed,
        lower(concat_ws(' ', customers.first_name, customers.last_name))
        = lower(concat_ws(' ', proposed.first_name, proposed.last_name)) as is_same_name,
        ranked.customer_count,
        customers.frequency,
        customers.monetary,
        customers.last_purchase_date,
        customers.customer_since,
        customers.business_date
    from ranked
    inner join customers on ranked.customer_id = customers.customer_id
    inner join customers as proposed on ranked.proposed_customer_id = proposed.customer_id
    where ranked.customer_count > 1
)

select * from final
