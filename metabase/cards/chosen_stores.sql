chosen_stores as (
    select marts.store_details.store_id
    from marts.store_details
    where
        true
        [[and {{store}}]]
        [[and {{region}}]]
),

scope as (
    select
        (select count(*) from chosen_stores) = (select count(*) from marts.store_details)
            as is_everything
)
