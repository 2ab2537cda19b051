chosen_stores as (
    select marts.store_details.store_id
    from marts.store_details
    where
        true
        [[and {{store}}]]
        [[and {{region}}]]
),

other_stores as (
    select store_id from marts.store_details
    where store_id not in (select chosen_stores.store_id from chosen_stores)
),

scope as (
    select
        (select count(*) from other_stores) = 0 as is_everything,
        (select count(*) from other_stores) < (select count(*) from chosen_stores) as is_most
)
