with

live as (
    select
        batch_id,
        data_set,
        rows_malformed,
        case when status = 'validated' then rows_accepted else 0 end as valid_row_count,
        {{ delivered_date() }} as delivered_date
    from {{ source('ops', 'load_batches') }}
    where status in ('validated', 'held')
),

files as (
    select
        live.data_set,
        live.delivered_date,
        count(*) as file_count,
        sum(delivered.row_count) as row_count,
        max(delivered.date_count) as date_count,
        sum(live.valid_row_count) as valid_row_count,
        sum(live.rows_malformed) as malformed_line_count,
        sum(delivered.null_transaction_count) as null_transaction_count,
        sum(delivered.null_product_count) as null_product_count,
        sum(delivered.null_customer_count) as null_customer_count
    from live
    inner join {{ ref('delivered_files') }} as delivered on live.batch_id = delivered.batch_id
    group by live.data_set, live.delivered_date
),

failures as (
    select
        data_set,
        delivered_date,
        sum(rows_failed) filter (
            where rule_id in ('bad_quantity', 'quantity_not_positive', 'negative_stock')
        ) as bad_quantity_count,
        sum(rows_failed) filter (where rule_id in ('bad_amount', 'negative_amount'))
            as bad_price_count
    from {{ ref('dq_rule_results') }}
    group by data_set, delivered_date
),

scores as (
    select
        data_set,
        score_date,
        status,
        score
    from {{ ref('dq_scores') }}
    where dimension = 'all'
),

final as (
    select
        files.data_set,
        files.delivered_date,
        scores.status,
        cast(files.file_count as bigint) as file_count,
        cast(files.row_count as bigint) as row_count,
        cast(files.date_count as bigint) as date_count,
        cast(files.valid_row_count as bigint) as valid_row_count,
        cast(files.malformed_line_count as bigint) as malformed_line_count,
        cast(files.null_transaction_count as bigint) as null_transaction_count,
        cast(files.null_product_count as bigint) as null_product_count,
        cast(files.null_customer_count as bigint) as null_customer_count,
        cast(failures.bad_quantity_count as bigint) as bad_quantity_count,
        cast(failures.bad_price_count as bigint) as bad_price_count,
        scores.score
    from files
    left join failures
        on files.data_set = failures.data_set and files.delivered_date = failures.delivered_date
    left join scores
        on files.data_set = scores.data_set and files.delivered_date = scores.score_date
)

select * from final
