{%- set amounts = {
    'store_sales_header': 'total_amount',
    'store_sales_line_items': 'line_item_amount',
    'points_events': 'points',
    'store_inventory': 'stock_on_hand',
} -%}
{%- set masters = [
    'stores', 'products', 'customer_details', 'promotion_details', 'loyalty_rules'
] -%}
with

batches as (
    select
        batch_id,
        data_set,
        source_file,
        rows_read,
        rows_accepted,
        rows_malformed,
        decimal_mark,
        loaded_at
    from {{ source('ops', 'load_batches') }}
    where status = 'validated'
),

-- What reached clean: facts from the clean tables, masters from their typed versions.
clean_rows as (
    {%- for data_set, relation, amount in [
        ('store_sales_header', 'sales', '_delivered_amount'),
        ('store_sales_line_items', 'sale_lines', '_delivered_amount'),
        ('points_events', 'points_events', 'points'),
        ('store_inventory', 'store_inventory', 'stock_on_hand'),
    ] %}
    select
        _batch_id,
        count(*) as row_count,
        sum({{ amount }}) as amount
    from {{ ref(relation) }}
    group by _batch_id
    union all
    {%- endfor %}
    {%- for data_set in masters %}
    select
        _batch_id,
        count(*) as row_count,
        cast(null as numeric) as amount
    from {{ ref('stg_' ~ data_set) }}
    group by _batch_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

rejected as (
    {%- for data_set in masters + amounts.keys() | list %}
    select
        rows._batch_id,
        count(*) as row_count,
        {% if data_set in amounts -%}
        sum(
            cast(
                ops.read_number(rows.{{ amounts[data_set] }}, batches.decimal_mark)
                as numeric(18, 4)
            )
        )
        {%- else -%}
        cast(null as numeric)
        {%- endif %} as amount
    from {{ source('reject', data_set) }} as rows
    inner join batches on rows._batch_id = batches.batch_id
    where rows.status <> 'replayed'
    group by rows._batch_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

duplicates as (
    select
        _batch_id,
        count(*) as row_count
    from {{ source('ops', 'duplicates') }}
    group by _batch_id
),

duplicate_amounts as (
    {%- for data_set, amount in amounts.items() %}
    select
        duplicates._batch_id,
        sum(cast(ops.read_number(rows.{{ amount }}, batches.decimal_mark) as numeric(18, 4)))
            as amount
    from {{ source('ops', 'duplicates') }} as duplicates
    inner join batches on duplicates._batch_id = batches.batch_id
    inner join {{ source('raw', data_set) }} as rows
        on
            duplicates._batch_id = rows._batch_id
            and duplicates._row_number = rows._row_number
    where duplicates.data_set = '{{ data_set }}'
    group by duplicates._batch_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

malformed as (
    select
        _batch_id,
        count(*) as row_count
    from {{ source('reject', 'malformed_lines') }}
    group by _batch_id
),

delivered_amounts as (
    {%- for data_set, amount in amounts.items() %}
    select
        rows._batch_id,
        sum(cast(ops.read_number(rows.{{ amount }}, batches.decimal_mark) as numeric(18, 4)))
            as amount
    from {{ source('raw', data_set) }} as rows
    inner join batches on rows._batch_id = batches.batch_id
    group by rows._batch_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (
    select
        batches.*,
        coalesce(clean_rows.row_count, 0) as rows_clean,
        coalesce(rejected.row_count, 0) as rows_rejected,
        coalesce(duplicates.row_count, 0) as rows_duplicate,
        coalesce(malformed.row_count, 0) as malformed_lines,
        coalesce(delivered_amounts.amount, 0) as amount_read,
        coalesce(clean_rows.amount, 0) as amount_clean,
        coalesce(rejected.amount, 0) as amount_rejected,
        coalesce(duplicate_amounts.amount, 0) as amount_duplicate
    from batches
    left join clean_rows on batches.batch_id = clean_rows._batch_id
    left join rejected on batches.batch_id = rejected._batch_id
    left join duplicates on batches.batch_id = duplicates._batch_id
    left join duplicate_amounts on batches.batch_id = duplicate_amounts._batch_id
    left join malformed on batches.batch_id = malformed._batch_id
    left join delivered_amounts on batches.batch_id = delivered_amounts._batch_id
),

final as (
    select
        batch_id,
        data_set,
        source_file,
        rows_read,
        rows_accepted,
        rows_rejected,
        rows_duplicate,
        malformed_lines as rows_malformed,
        rows_clean,
        rows_read - rows_accepted - rows_rejected - rows_duplicate - malformed_lines
            as rows_difference,
        rows_accepted - rows_clean as clean_difference,
        amount_read,
        amount_rejected,
        amount_duplicate,
        amount_clean,
        amount_read - amount_rejected - amount_duplicate - amount_clean as amount_difference,
        loaded_at
    from counted
)

select * from final
