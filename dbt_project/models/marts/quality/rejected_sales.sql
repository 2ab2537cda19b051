-- Points at stake are an estimate: the rules in force for any purchase, on the whole amount. Rules
-- for a category or a first purchase are left aside, because lines and history are not known.
with

headers as (
    select
        rows._batch_id,
        rows._row_number,
        ops.read_id(rows.transaction_id) as transaction_id,
        ops.read_id(rows.customer_id) as customer_id,
        ops.read_id(rows.store_id) as store_id,
        rows.status,
        rows.rule_ids,
        upper(ops.read_text(rows.transaction_type)) = 'RETURN'
        or ops.read_id(rows.original_transaction_id) is not null as is_return,
        cast(ops.read_number(rows.total_amount, batches.decimal_mark) as numeric(18, 4))
            as total_amount,
        coalesce(ops.read_integer(rows.points_redeemed, batches.decimal_mark), 0)
            as points_redeemed,
        {{ delivered_date() }} as delivered_date,
        ops.read_date(rows.transaction_date, batches.date_order) as transaction_date
    from {{ source('reject', 'store_sales_header') }} as rows
    inner join {{ source('ops', 'load_batches') }} as batches on rows._batch_id = batches.batch_id
),

-- What another delivery of the sale brought in is at stake no longer.
waiting as (
    select
        *,
        total_amount
        - points_redeemed * {{ setting('point_cost', 'LENS_POINT_COST', '0.01') }}
            as eligible_amount,
        case
            when transaction_date between date '1990-01-01' and delivered_date + 1
                then transaction_date
            else delivered_date
        end as earning_date
    from headers
    where
        customer_id is not null
        and not coalesce(is_return, false)
        and status in ('open', 'waived')
        and not exists (
            select 1 as is_accepted
            from {{ ref('sales') }} as sales
            where sales.transaction_id = headers.transaction_id
        )
),

earned as (
    select
        waiting._batch_id,
        waiting._row_number,
        rules.rule_id,
        rules.rule_group,
        rules.min_spend_threshold,
        least(
            {{ rounded_points('waiting.eligible_amount * rules.points_per_unit_spend') }}
            + rules.bonus_points,
            rules.max_points
        ) as points
    from waiting
    inner join {{ ref('loyalty_rules') }} as rules
        on
            waiting.earning_date >= rules.valid_from
            and waiting.earning_date < coalesce(rules.valid_to, 'infinity')
            and waiting.earning_date >= coalesce(rules.start_date, rules.valid_from)
            and waiting.earning_date <= coalesce(rules.end_date, 'infinity')
            and waiting.eligible_amount >= rules.min_spend_threshold
            and (rules.store_id is null or waiting.store_id = rules.store_id)
            and (
                rules.weekdays is null
                or position(
                    cast(extract(isodow from waiting.earning_date) as text) in rules.weekdays
                ) > 0
            )
    where
        rules.event = 'PURCHASE'
        and rules.is_active
        and rules.tier is null
        and rules.inactive_days is null
        and not rules.is_first_purchase_only
        and rules.product_category is null
        and waiting.eligible_amount > 0
),

winners as (
    select distinct on (_batch_id, _row_number, rule_group) *
    from earned
    order by
        _batch_id asc,
        _row_number asc,
        rule_group asc,
        min_spend_threshold desc,
        points desc,
        rule_id collate "C" asc
),

points as (
    select
        _batch_id,
        _row_number,
        sum(points) as points_at_stake
    from winners
    group by _batch_id, _row_number
),

final as (
    select
        headers._batch_id as batch_id,
        headers._row_number as row_number,
        headers.transaction_id,
        headers.customer_id,
        headers.store_id,
        headers.status,
        array_to_string(headers.rule_ids, ', ') as rule_ids,
        headers.total_amount,
        cast(coalesce(points.points_at_stake, 0) as bigint) as points_at_stake,
        headers.transaction_date,
        headers.delivered_date
    from headers
    left join points
        on headers._batch_id = points._batch_id and headers._row_number = points._row_number
)

select * from final
