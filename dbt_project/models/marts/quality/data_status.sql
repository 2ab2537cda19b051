-- A view on the runs, so that it is true while a build runs and after one has failed.
{{ config(materialized='view') }}

with

runs as (
    select
        run_id,
        business_date,
        status,
        finished_at,
        row_number() over (order by started_at desc, run_id collate "C" desc) as age
    from {{ source('ops', 'pipeline_runs') }}
),

runs_compared as (
    select
        *,
        min(age) filter (where status = 'success') over () as certified_age
    from runs
),

-- An aggregate without groups: one row even before the first run.
final as (
    select
        case
            when min(certified_age) is null then 'never certified'
            when min(certified_age) = 1 then 'certified'
            when bool_or(status = 'running') filter (where age = 1) then 'being brought up to date'
            else 'the newest run failed'
        end as status,
        max(run_id) filter (where age = certified_age) as run_id,
        max(business_date) filter (where age = certified_age) as business_date,
        max(finished_at) filter (where age = certified_age) as certified_at
    from runs_compared
)

select * from final
