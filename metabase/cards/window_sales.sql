from windows
inner join marts.sales_daily
    on marts.sales_daily.business_date between windows.first_day and windows.last_day
inner join marts.store_details on marts.sales_daily.store_id = marts.store_details.store_id
where
    true
    [[and {{store}}]]
    [[and {{region}}]]
group by windows.last_day
order by windows.last_day
