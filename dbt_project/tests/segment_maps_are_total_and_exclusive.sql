-- Every possible cell has exactly one name (published maps fail this with 10, 36 or 18 gaps).
with

grid as (
    select
        'rfm_grid' as map,
        concat(r_scores.r_score, ' x ', f_scores.f_score) as cell
    from generate_series(1, 5) as r_scores (r_score)
    cross join generate_series(1, 5) as f_scores (f_score)
),

value_engagement as (
    select
        'value_engagement_segments' as map,
        concat(tiers.value_tier, ' x ', statuses.engagement_status) as cell
    from (values ('High Value'), ('Growing Value'), ('Base Value')) as tiers (value_tier)
    cross join (
        values ('Active & Engaged'), ('At Risk'), ('Developing'), ('Inactive')
    ) as statuses (engagement_status)
),

expected as (
    select * from grid
    union all
    select * from value_engagement
    union all
    select
        'loyalty_segments' as map,
        segment_id as cell
    from (values ('HS'), ('AR'), ('OT')) as segments (segment_id)
),

mapped as (
    select
        'rfm_grid' as map,
        concat(r_score, ' x ', f_score) as cell,
        rfm_segment as segment
    from {{ ref('rfm_grid') }}
    union all
    select
        'value_engagement_segments' as map,
        concat(value_tier, ' x ', engagement_status) as cell,
        value_segment as segment
    from {{ ref('value_engagement_segments') }}
    union all
    select
        'loyalty_segments' as map,
        segment_id as cell,
        segment_name as segment
    from {{ ref('loyalty_segments') }}
)

select
    coalesce(expected.map, mapped.map) as map,
    coalesce(expected.cell, mapped.cell) as cell,
    count(mapped.segment) as name_count
from expected
full join mapped on expected.map = mapped.map and expected.cell = mapped.cell
group by
    coalesce(expected.map, mapped.map), coalesce(expected.cell, mapped.cell), expected.cell
having count(mapped.segment) <> 1 or expected.cell is null
