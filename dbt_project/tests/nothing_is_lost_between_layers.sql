-- Invariant 1: rows and amounts read = clean + rejected + duplicate + malformed, per batch;
-- what is read lies in raw, and sales up to the business date stand in their mart.
{{ config(tags=['daily']) }}
select
    batch_id,
    raw_difference,
    rows_difference,
    clean_difference,
    mart_difference,
    amount_difference
from {{ ref('layer_reconciliation') }}
where
    raw_difference <> 0
    or rows_difference <> 0
    or clean_difference <> 0
    or mart_difference <> 0
    or amount_difference <> 0
