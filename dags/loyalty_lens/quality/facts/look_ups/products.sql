-- One row per product named by the rows judged and known among the accepted ones.
select wanted.product_id
from (select distinct delivered.product_id from delivered) as wanted
where
    exists (
        select from judge.live_products as live
        where
            live._entity_hash = hashtextextended(wanted.product_id, 0)
            and not live._is_rejected
    )
