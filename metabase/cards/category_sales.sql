from marts.category_sales_daily
where
    true
    [[and {{period}}]]
    [[and {{category}}]]
    [[and store_id in (select store_id from marts.store_details where {{store}})]]
    [[and store_id in (select store_id from marts.store_details where {{region}})]]
