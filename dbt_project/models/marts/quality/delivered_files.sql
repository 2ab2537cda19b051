-- Raw rows never change, so each batch is counted once, in the first build that sees it.
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='batch_id',
        on_schema_change='append_new_columns',
    )
}}
{%- set facts = {
    'stores': {},
    'products': {'product': 'product_id'},
    'customer_details': {'customer': 'customer_id'},
    'customer_merges': {'customer': 'customer_id'},
    'promotion_details': {},
    'loyalty_rules': {},
    'store_sales_header': {
        'amount': 'total_amount', 'date': 'transaction_date',
        'transaction': 'transaction_id', 'customer': 'customer_id',
    },
    'store_sales_line_items': {
        'amount': 'line_item_amount', 'transaction': 'transaction_id', 'product': 'product_id',
    },
    'points_events': {'amount': 'points', 'date': 'event_at', 'customer': 'customer_id'},
    'store_inventory': {
        'amount': 'stock_on_hand', 'date': 'inventory_date', 'product': 'product_id',
    },
} %}

with

batches as (
    select
        batch_id,
        data_set,
        source_file,
        decimal_mark,
        date_order,
        {{ delivered_date() }} as delivered_date
    from {{ source('ops', 'load_batches') }} as batches
    where
        status in ('validated', 'held')
        {% if is_incremental() -%}
        and not exists (
            select 1 as is_known
            from {{ this }} as known
            where known.batch_id = batches.batch_id
        )
        {%- endif %}
),

counted as (
    {%- for data_set, columns in facts.items() %}
    select
        rows._batch_id,
        count(*) as row_count,
        {% if columns.amount -%}
        sum(
            cast(ops.read_number(rows.{{ columns.amount }}, batches.decimal_mark) as numeric(18, 4))
        )
        {%- else -%}
        cast(null as numeric)
        {%- endif %} as amount,
        {% if columns.date -%}
        count(distinct ops.read_date(rows.{{ columns.date }}, batches.date_order))
        {%- else -%}
        cast(null as bigint)
        {%- endif %} as date_count,
        {{
            'count(*) filter (where ops.read_id(rows.' ~ columns.transaction ~ ') is null)'
            if columns.transaction else 'cast(null as bigint)'
        }} as null_transaction_count,
        {{
            'count(*) filter (where ops.read_id(rows.' ~ columns.product ~ ') is null)'
            if columns.product else 'cast(null as bigint)'
        }} as null_product_count,
        {{
            'count(*) filter (where ops.read_id(rows.' ~ columns.customer ~ ') is null)'
            if columns.customer else 'cast(null as bigint)'
        }} as null_customer_count
    from {{ source('raw', data_set) }} as rows
    inner join batches on rows._batch_id = batches.batch_id
    -- Known before the join, so that the index on the batch spares the rows of all others.
    where
        rows._batch_id >= (
            select min(wanted.batch_id) as first_batch_id
            from batches as wanted
            where wanted.data_set = '{{ data_set }}'
        )
    group by rows._batch_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        batches.batch_id,
        batches.data_set,
        batches.source_file,
        coalesce(counted.row_count, 0) as row_count,
        counted.date_count,
        counted.null_transaction_count,
        counted.null_product_count,
        counted.null_customer_count,
        cast(coalesce(counted.amount, 0) as numeric(24, 4)) as amount,
        batches.delivered_date
    from batches
    left join counted on batches.batch_id = counted._batch_id
)

select * from final
