from marts.promotion_performance
where
    true
    [[and {{period}}]]
    [[and {{category}}]]
    [[and promotion_id in (select promotion_id from marts.promotion_totals where {{promotion}})]]
    [[and store_id in (select store_id from marts.store_details where {{store}})]]
    [[and store_id in (select store_id from marts.store_details where {{region}})]]
