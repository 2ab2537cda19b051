{%- set layers = {
    'raw': ('rows_raw', 'amount_read'),
    'accepted': ('rows_accepted', 'amount_accepted'),
    'rejected': ('rows_rejected', 'amount_rejected'),
    'duplicate': ('rows_duplicate', 'amount_duplicate'),
    'malformed': ('rows_malformed', 'cast(null as numeric)'),
    'clean': ('rows_clean', 'amount_clean'),
    'mart': ('rows_mart', 'amount_mart'),
} -%}
with

files as (
    select * from {{ ref('layer_reconciliation') }}
),

layers as (
    {%- for layer, (rows, amount) in layers.items() %}
    select
        data_set,
        delivered_date,
        '{{ layer }}' as layer,
        {{ loop.index }} as position,
        {{ rows }} as row_count,
        {{ amount }} as amount
    from files
    where {{ rows }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        data_set,
        delivered_date,
        layer,
        position,
        cast(sum(row_count) as bigint) as row_count,
        cast(sum(amount) as numeric(24, 4)) as amount
    from layers
    group by data_set, delivered_date, layer, position
)

select * from final
