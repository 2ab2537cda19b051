{%- set amounts = {
    'store_sales_header': 'total_amount',
    'store_sales_line_items': 'line_item_amount',
    'points_events': 'points',
    'store_inventory': 'stock_on_hand',
} -%}
with

batches as (
    select
        batch_id,
        decimal_mark,
        coalesce(file_date, business_date, cast(loaded_at at time zone 'UTC' as date))
            as delivered_date
    from {{ source('ops', 'load_batches') }}
),

rejected as (
    {%- for data_set in [
        'stores', 'products', 'customer_details', 'promotion_details', 'loyalty_rules',
        'store_sales_header', 'store_sales_line_items', 'points_events', 'store_inventory',
    ] %}
    select
        '{{ data_set }}' as data_set,
        unnest(rows.rule_ids) as rule_id,
        rows.status,
        {% if data_set in amounts -%}
        ops.read_number(rows.{{ amounts[data_set] }}, batches.decimal_mark)
        {%- else -%}
        cast(null as numeric)
        {%- endif %} as amount,
        batches.delivered_date
    from {{ source('reject', data_set) }} as rows
    inner join batches on rows._batch_id = batches.batch_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        data_set,
        rule_id,
        status,
        count(*) as row_count,
        coalesce(sum(amount), 0) as amount,
        min(delivered_date) as first_date,
        max(delivered_date) as last_date
    from rejected
    group by data_set, rule_id, status
)

select * from final
