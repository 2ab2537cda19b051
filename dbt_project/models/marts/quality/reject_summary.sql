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
        {{ delivered_date() }} as delivered_date
    from {{ source('ops', 'load_batches') }}
),

rejected as (
    {%- for data_set in [
        'stores', 'products', 'customer_details', 'customer_merges', 'promotion_details',
        'loyalty_rules', 'store_sales_header', 'store_sales_line_items', 'points_events', 'store_inventory',
    ] %}
    select
        '{{ data_set }}' as data_set,
        rows._batch_id,
        rows._row_number,
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

-- Points that would have been: of a sale what it would have earned, of an event its own.
staked as (
    select
        rejected.*,
        case
            when rejected.data_set = 'points_events' and rejected.status in ('open', 'waived')
                then abs(rejected.amount)
            when rejected.data_set = 'store_sales_header' then rejected_sales.points_at_stake
        end as points_at_stake
    from rejected
    left join {{ ref('rejected_sales') }} as rejected_sales
        on
            rejected.data_set = 'store_sales_header'
            and rejected._batch_id = rejected_sales.batch_id
            and rejected._row_number = rejected_sales.row_number
),

final as (
    select
        data_set,
        rule_id,
        status,
        count(*) as row_count,
        cast(coalesce(sum(points_at_stake), 0) as bigint) as points_at_stake,
        coalesce(sum(amount), 0) as amount,
        case
            when data_set in ('store_sales_header', 'store_sales_line_items')
                then coalesce(sum(amount), 0)
        end as money_amount,
        min(delivered_date) as first_date,
        max(delivered_date) as last_date
    from staked
    group by data_set, rule_id, status
)

select * from final
