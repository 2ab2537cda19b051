-- Invariant 1: rows and amounts read = clean + rejected + duplicate + malformed, per batch.
{{ config(tags=['daily']) }}
select
    batch_id,
    rows_difference,
    clean_difference,
    amount_difference
from {{ ref('layer_reconciliation') }}
where rows_difference <> 0 or clean_difference <> 0 or amount_difference <> 0
