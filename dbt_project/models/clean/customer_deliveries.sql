-- Which record of which file is about whom: who a new file is about is known without reading the
-- others.
{{ config(
    materialized='by_batch', data_set='customer_details',
    tells=['customer_id'],
    indexes=[{'columns': ['_batch_id'], 'type': 'brin'}, {'columns': ['customer_id']}]
) }}
select
    customer_id,
    cast(version_at at time zone 'UTC' as date) as version_date,
    _file_date,
    _arrival_date,
    _batch_id,
    _row_number
from {{ ref('stg_customer_details') }}
