{%- set amounts = {
    'store_sales_header': 'total_amount',
    'store_sales_line_items': 'line_item_amount',
    'points_events': 'points',
    'store_inventory': 'stock_on_hand',
} -%}
{%- set masters = [
    'stores', 'products', 'customer_details', 'customer_merges', 'promotion_details',
    'loyalty_rules'
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
        {{ delivered_date() }} as delivered_date,
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

delivered as (
    select
        batch_id,
        row_count,
        amount
    from {{ ref('delivered_files') }}
),

-- Sales that stand in their day and store's row of sales_daily, whose counts and amounts agree.
sales as (
    select
        sales._batch_id,
        sales.business_date,
        sales.store_id,
        count(*) as row_count,
        sum(sales.total_amount) as net_amount,
        sum(sales._delivered_amount) as amount
    from {{ ref('sales') }} as sales
    inner join {{ ref('as_of') }} as as_of on sales.business_date <= as_of.business_date
    group by sales._batch_id, sales.business_date, sales.store_id
),

sales_compared as (
    select
        sales.*,
        sum(sales.row_count) over by_day = daily.transaction_count + daily.return_count
        and sum(sales.net_amount) over by_day = daily.net_amount as is_in_mart
    from sales
    left join {{ ref('sales_daily') }} as daily
        on sales.business_date = daily.business_date and sales.store_id = daily.store_id
    window by_day as (partition by sales.business_date, sales.store_id)
),

mart_rows as (
    select
        _batch_id,
        sum(row_count) as rows_due,
        coalesce(sum(row_count) filter (where is_in_mart), 0) as row_count,
        coalesce(sum(amount) filter (where is_in_mart), 0) as amount
    from sales_compared
    group by _batch_id
),

counted as (
    select
        batches.*,
        coalesce(clean_rows.row_count, 0) as rows_clean,
        coalesce(rejected.row_count, 0) as rows_rejected,
        coalesce(duplicates.row_count, 0) as rows_duplicate,
        coalesce(malformed.row_count, 0) as malformed_lines,
        coalesce(delivered.row_count, 0) as rows_raw,
        coalesce(delivered.amount, 0) as amount_read,
        coalesce(clean_rows.amount, 0) as amount_clean,
        coalesce(rejected.amount, 0) as amount_rejected,
        coalesce(duplicate_amounts.amount, 0) as amount_duplicate,
        case
            when batches.data_set = 'store_sales_header' then coalesce(mart_rows.row_count, 0)
        end as rows_mart,
        case
            when batches.data_set = 'store_sales_header' then coalesce(mart_rows.amount, 0)
        end as amount_mart,
        coalesce(mart_rows.rows_due - mart_rows.row_count, 0) as mart_difference
    from batches
    left join clean_rows on batches.batch_id = clean_rows._batch_id
    left join rejected on batches.batch_id = rejected._batch_id
    left join duplicates on batches.batch_id = duplicates._batch_id
    left join duplicate_amounts on batches.batch_id = duplicate_amounts._batch_id
    left join malformed on batches.batch_id = malformed._batch_id
    left join delivered on batches.batch_id = delivered.batch_id
    left join mart_rows on batches.batch_id = mart_rows._batch_id
),

final as (
    select
        batch_id,
        data_set,
        source_file,
        rows_read,
        rows_raw,
        rows_accepted,
        rows_rejected,
        rows_duplicate,
        malformed_lines as rows_malformed,
        rows_clean,
        cast(rows_mart as bigint) as rows_mart,
        rows_read - rows_raw - malformed_lines as raw_difference,
        rows_read - rows_accepted - rows_rejected - rows_duplicate - malformed_lines
            as rows_difference,
        rows_accepted - rows_clean as clean_difference,
        cast(mart_difference as bigint) as mart_difference,
        amount_read,
        amount_rejected,
        amount_duplicate,
        amount_read - amount_rejected - amount_duplicate as amount_accepted,
        amount_clean,
        amount_mart,
        amount_read - amount_rejected - amount_duplicate - amount_clean as amount_difference,
        delivered_date,
        loaded_at
    from counted
)

select * from final
