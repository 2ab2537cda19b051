-- A view on the gate's results, so that it is true whenever it is read. A batch that was judged
-- again counts once, by its latest judgement.
{{ config(materialized='view') }}

with

batches as (
    select
        batch_id,
        data_set,
        source_file,
        rows_read,
        rows_malformed,
        rows_duplicate,
        {{ delivered_date() }} as delivered_date
    from {{ source('ops', 'load_batches') }}
    where status in ('validated', 'held')
),

latest as (
    select
        batch_id,
        max(validated_at) as validated_at
    from {{ source('ops', 'validation_results') }}
    group by batch_id
),

judged as (
    select
        results.batch_id,
        results.rule_id,
        coalesce(results.column_name, '') as column_name,
        results.dimension,
        results.severity,
        results.rows_evaluated,
        results.rows_failed,
        results.validated_at
    from {{ source('ops', 'validation_results') }} as results
    inner join latest
        on results.batch_id = latest.batch_id and results.validated_at = latest.validated_at
),

-- A master delivered whole repeats the file before it by design: only copies inside one file count.
copies_in_file as (
    select
        _batch_id,
        count(*) as row_count
    from {{ source('ops', 'duplicates') }}
    where original_batch_id = _batch_id
    group by _batch_id
),

counted as (
    select
        batches.batch_id,
        'exact_duplicate' as rule_id,
        '' as column_name,
        'uniqueness' as dimension,
        'count' as severity,
        batches.rows_read - batches.rows_malformed as rows_evaluated,
        case
            when
                batches.data_set in (
                    'store_sales_header', 'store_sales_line_items', 'points_events',
                    'store_inventory'
                )
                then batches.rows_duplicate
            else coalesce(copies_in_file.row_count, 0)
        end as rows_failed,
        latest.validated_at
    from batches
    inner join latest on batches.batch_id = latest.batch_id
    left join copies_in_file on batches.batch_id = copies_in_file._batch_id
    union all
    select
        batches.batch_id,
        'malformed_line' as rule_id,
        '' as column_name,
        'validity' as dimension,
        'reject' as severity,
        batches.rows_read as rows_evaluated,
        batches.rows_malformed as rows_failed,
        latest.validated_at
    from batches
    inner join latest on batches.batch_id = latest.batch_id
),

results as (
    select * from judged
    union all
    select * from counted
),

final as (
    select
        results.batch_id,
        results.rule_id,
        results.column_name,
        batches.data_set,
        batches.source_file,
        results.dimension,
        results.severity,
        results.rows_evaluated,
        results.rows_failed,
        cast(
            1 - cast(results.rows_failed as numeric) / nullif(results.rows_evaluated, 0)
            as numeric(9, 6)
        ) as pass_ratio,
        batches.delivered_date,
        results.validated_at
    from results
    inner join batches on results.batch_id = batches.batch_id
)

select * from final
