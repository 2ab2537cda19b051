-- A view on the runs, so that it is true while a build runs and after one has failed.
{{ config(materialized='view') }}

with

runs as (
    select
        run_id,
        business_date,
        status,
        finished_at,
        is_provisional,
        missing_data_sets,
        -- A single step (lens ingest) succeeds, too, but certifies nothing.
        status = 'success' and certificate is not null as is_certified
    from {{ source('ops', 'pipeline_runs') }}
),

certified as (
    select distinct on (is_certified)
        is_certified,
        run_id,
        business_date,
        finished_at,
        is_provisional,
        missing_data_sets
    from runs
    where is_certified
    order by is_certified asc, finished_at desc, run_id collate "C" asc
),

sales as (
    select max(last_business_date) as newest_sale_date
    from {{ source('ops', 'load_batches') }}
    where data_set = 'store_sales_header' and status = 'validated'
),

-- An aggregate without groups: one row even before the first run.
final as (
    select
        case
            when max(certified.run_id) is null then 'never certified'
            when bool_or(runs.status = 'running') then 'being brought up to date'
            when
                max(runs.finished_at) filter (where runs.status = 'failed')
                > max(certified.finished_at)
                then 'the newest run failed'
            else 'certified'
        end as status,
        max(certified.run_id) as run_id,
        coalesce(bool_or(certified.is_provisional), false) as is_provisional,
        max(certified.missing_data_sets) as missing_data_sets,
        max(certified.business_date) as business_date,
        max(sales.newest_sale_date) as newest_sale_date,
        max(certified.finished_at) as certified_at
    from sales
    left join runs on true
    left join certified on runs.run_id = certified.run_id
)

select * from final
