with

as_of as (
    select business_date from {{ ref('as_of') }}
),

newest_versions as (
    select * from {{ ref('customer_history') }}
    where is_current
),

named_in_events as (
    select sales.customer_id
    from {{ ref('sales') }} as sales
    inner join as_of on sales.business_date <= as_of.business_date
    where sales.customer_id is not null
    union
    select points_events.customer_id
    from {{ ref('points_events') }} as points_events
    inner join as_of on points_events.business_date <= as_of.business_date
),

-- A key whose first version is dated later is not there yet, unless an event names it already.
-- A key that only events name (no customer file was ever accepted) is inferred.
final as (
    select
        coalesce(newest_versions.customer_id, named_in_events.customer_id) as customer_id,
        coalesce(
            newest_versions.first_name,
            case when newest_versions.customer_id is null then named_in_events.customer_id end
        ) as first_name,
        newest_versions.last_name,
        newest_versions.email,
        newest_versions.customer_phone,
        newest_versions.street,
        newest_versions.post_code,
        newest_versions.city,
        newest_versions.state,
        newest_versions.country,
        newest_versions.gender,
        newest_versions.marital_status,
        newest_versions.occupation,
        newest_versions.loyalty_status,
        newest_versions.segment_id,
        newest_versions.attributes,
        newest_versions.has_marketing_consent,
        newest_versions.customer_id is null as is_inferred,
        newest_versions.annual_income,
        newest_versions.total_loyalty_points,
        newest_versions.birth_date,
        newest_versions.last_purchase_date,
        newest_versions.customer_since,
        newest_versions.modified_at,
        newest_versions._batch_id,
        newest_versions._row_number
    from newest_versions
    full join named_in_events on newest_versions.customer_id = named_in_events.customer_id
    where newest_versions.is_known or named_in_events.customer_id is not null
)

select * from final
