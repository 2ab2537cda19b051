{{ config(
    tells=['customer_id', 'last_purchase_date'], told_by=['birth_date']
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

delivered as (
    select
        history.*,
        coalesce(mergers.merged_into, history.customer_id) as kept_customer_id
    from {{ ref('customer_history') }} as history
    left join {{ ref('customer_merges') }} as mergers
        on history.customer_id = mergers.customer_id
    where history.is_current
),

-- Of customers merged into one: who they are is said by the one that stays; a no to marketing, a
-- known customer and a late purchase are those of any.
merged as (
    select
        kept_customer_id,
        bool_or(is_known) as is_known,
        bool_or(not has_marketing_consent) as has_refused,
        max(last_purchase_date) as last_purchase_date
    from delivered
    group by kept_customer_id
    having count(*) > 1
),

newest_versions as (
    select
        delivered.*,
        coalesce(merged.is_known, delivered.is_known) as is_known_by_any,
        case
            when merged.has_refused then false
            else delivered.has_marketing_consent
        end as has_consent,
        coalesce(merged.last_purchase_date, delivered.last_purchase_date) as last_date
    from delivered
    left join merged on delivered.customer_id = merged.kept_customer_id
    where delivered.customer_id = delivered.kept_customer_id
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
        newest_versions.has_consent as has_marketing_consent,
        newest_versions.customer_id is null as is_inferred,
        newest_versions.annual_income,
        newest_versions.total_loyalty_points,
        newest_versions.birth_date,
        newest_versions.last_date as last_purchase_date,
        newest_versions.customer_since,
        newest_versions.modified_at,
        newest_versions._batch_id,
        newest_versions._row_number
    from newest_versions
    full join named_in_events on newest_versions.customer_id = named_in_events.customer_id
    where newest_versions.is_known_by_any or named_in_events.customer_id is not null
)

select * from final
