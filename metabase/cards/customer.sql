-- The customer typed or clicked; without one, whoever spent most.
chosen as (
    select marts.customer_profiles.customer_id
    from marts.customer_profiles
    where
        true
        [[and {{customer}}]]
    order by monetary desc, customer_id
    limit 1
)
