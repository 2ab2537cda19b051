-- What a steward said last of a customer holds; a merge dated later than the business date is not
-- there yet. A chain leads to its end; customers who are merged in a circle stay as they are.
{{ config(tells=['customer_id'], told_by=['merged_into']) }}
with recursive

as_of as (
    select business_date from {{ ref('as_of') }}
),

newest as (
    select distinct on (mergers.customer_id)
        mergers.*,
        cast(mergers.version_at at time zone 'UTC' as date) as merged_on
    from {{ ref('stg_customer_merges') }} as mergers
    inner join as_of
        on cast(mergers.version_at at time zone 'UTC' as date) <= as_of.business_date
    order by
        mergers.customer_id asc,
        mergers.version_at desc,
        mergers._batch_id desc,
        mergers._row_number desc
),

mergers as (
    select * from newest
    where merged_into <> customer_id
),

steps as (
    select
        customer_id,
        merged_into,
        array[customer_id, merged_into] as path,
        false as is_circle
    from mergers
    union all
    select
        steps.customer_id,
        mergers.merged_into,
        steps.path || mergers.merged_into as path,
        mergers.merged_into = any(steps.path) as is_circle
    from steps
    inner join mergers on steps.merged_into = mergers.customer_id
    where not steps.is_circle
),

ends as (
    select distinct on (customer_id) *
    from steps
    order by customer_id asc, cardinality(path) desc
),

final as (
    select
        mergers.customer_id,
        ends.merged_into,
        mergers.merged_into as named_customer_id,
        mergers.reason,
        mergers.merged_on,
        mergers._batch_id,
        mergers._row_number
    from mergers
    inner join ends on mergers.customer_id = ends.customer_id
    where not ends.is_circle
)

select * from final
