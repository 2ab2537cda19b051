-- A view on the runs, so that the one that has just ended is there.
{{ config(materialized='view') }}

with

runs as (
    select
        run_id,
        business_date,
        trigger,
        status,
        started_at,
        finished_at,
        certificate
    from {{ source('ops', 'pipeline_runs') }}
    where status = 'failed' or (status = 'success' and certificate is not null)
),

counted as (
    select
        runs.run_id,
        sum(cast(counts.figures ->> 'rows_read' as bigint)) as rows_read,
        sum(cast(counts.figures ->> 'rows_accepted' as bigint)) as rows_accepted,
        sum(cast(counts.figures ->> 'rows_rejected' as bigint)) as rows_rejected,
        sum(cast(counts.figures ->> 'rows_lost' as bigint)) as rows_lost
    from runs
    cross join lateral jsonb_each(runs.certificate -> 'counts') as counts (data_set, figures)
    group by runs.run_id
),

final as (
    select
        runs.run_id,
        case when runs.status = 'failed' then 'failed' else 'certified' end as status,
        runs.trigger,
        cast(counted.rows_read as bigint) as rows_read,
        cast(counted.rows_accepted as bigint) as rows_accepted,
        cast(counted.rows_rejected as bigint) as rows_rejected,
        cast(counted.rows_lost as bigint) as rows_lost,
        cast(extract(epoch from runs.finished_at - runs.started_at) as numeric(12, 1))
            as run_seconds,
        runs.business_date,
        runs.started_at,
        runs.finished_at
    from runs
    left join counted on runs.run_id = counted.run_id
)

select * from final
