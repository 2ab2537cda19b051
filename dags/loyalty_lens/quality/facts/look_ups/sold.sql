-- One row per product named by the lines judged, with the first and the last day on which they sell it.
select
    delivered.product_id,
    min(headers.business_date) as first_date,
    max(headers.business_date) as last_date
from delivered
left join judge.found_headers as headers
    on
        delivered._batch_id = headers._batch_id
        and delivered._entity_hash = headers._entity_hash
        and headers.status = 'accepted'
where delivered.product_id is not null
group by delivered.product_id
