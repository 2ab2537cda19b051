{{ config(tags=['daily']) }}
select
    lot_id,
    sum(points) as points
from {{ ref('points_ledger') }}
where entry_type in ('EARN', 'BONUS', 'REVERSE')
group by lot_id
having sum(points) < 0
