-- A view: lists are written after the marts of their day. The newest writing of a day counts.
{{ config(materialized='view') }}

with

exports as (
    select distinct on (campaign_id, business_date) *
    from {{ source('ops', 'campaign_exports') }}
    order by campaign_id asc, business_date asc, export_id desc
),

final as (
    select
        campaign_id,
        business_date,
        title,
        category,
        is_holdout_skipped,
        cast(holdout_ratio as numeric(6, 4)) as holdout_ratio,
        selected_count,
        exported_count,
        holdout_count,
        without_consent_count,
        consent_unknown_count,
        exported_at
    from exports
)

select * from final
