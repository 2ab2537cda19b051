-- One row per promotion named by the rows judged and known among the accepted ones: its newest version.
select distinct on (live.promotion_id)
    live.promotion_id,
    live._discount as discount
from judge.live_promotion_details as live
where
    live._entity_hash in (
        select hashtextextended(wanted.promotion_id, 0)
        from (select distinct delivered.promotion_id from delivered) as wanted
    )
    and not live._is_rejected
order by live.promotion_id, live._version_at desc, live._batch_id desc, live._row_number desc
