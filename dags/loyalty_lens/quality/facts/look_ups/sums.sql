-- One row per header and batch of the lines judged: the sum is judged on the first line of a header in
-- a batch, so that a difference counts once.
select
    delivered._batch_id,
    delivered._entity_hash,
    min(delivered._row_number) as first_row,
    sum(delivered.line_item_amount) as amount
from delivered
where delivered.transaction_id is not null
group by delivered._batch_id, delivered._entity_hash
