from marts.customer_profiles
left join marts.store_details
    on marts.customer_profiles.home_store_id = marts.store_details.store_id
where
    true
    [[and {{store}}]]
    [[and {{region}}]]
    [[and {{segment}}]]
    [[and {{loyalty_segment}}]]
    [[and {{rfm_segment}}]]
    [[and {{tier}}]]
    [[and {{consent}}]]
    [[and {{expiring}}]]
    [[and {{since}}]]
