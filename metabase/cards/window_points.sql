from windows
inner join marts.points_daily
    on marts.points_daily.business_date between windows.first_day and windows.last_day
left join marts.store_details on marts.points_daily.store_id = marts.store_details.store_id
where
    true
    [[and {{store}}]]
    [[and {{region}}]]
    [[and {{tier}}]]
group by windows.last_day
order by windows.last_day
