-- History comes from the delivered versions, not from dbt snapshots: those cannot be rebuilt. An
-- e-mail address is corrected where it stands (type 1): a new one makes no version and is in all.
{{ config(
    materialized='by_key', key='customer_id', follows=['customer_deliveries', 'as_of'],
    indexes=[{'columns': ['customer_id']}]
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

-- The first delivery says who was there from the beginning, whatever date it carries.
first_delivery as (
    {{ first_delivery() }}
),

-- Texts are read here, once and by several processes: over the windows each column would be read
-- for itself and once more for the content.
details as materialized (
    select * from {{ ref('stg_customer_details') }}
    where {{ of_changed_customers_records() }}
),

versions as materialized (
    select
        details.*,
        cast(details.version_at at time zone 'UTC' as date) as version_date,
        (
            details._arrival_date is distinct from first_delivery._arrival_date
            or details._file_date is distinct from first_delivery._file_date
        ) is false as is_first_delivery,
        row_number() over (
            partition by details.customer_id
            order by details.version_at, details._batch_id, details._row_number
        ) as delivery_number,
        {{ content_hash([
            'first_name', 'last_name', 'customer_phone', 'street', 'post_code', 'city', 'state',
            'country', 'gender', 'marital_status', 'occupation', 'loyalty_status',
            'segment_id', 'attributes', 'has_marketing_consent', 'annual_income',
            'total_loyalty_points', 'birth_date', 'last_purchase_date', 'customer_since',
        ]) }} as content
    from details
    cross join first_delivery
),

visible as (
    select
        versions.*,
        lag(versions.content) over (
            partition by versions.customer_id order by versions.delivery_number
        ) as previous_content,
        lag(versions.email) over (
            partition by versions.customer_id order by versions.delivery_number
        ) as previous_email,
        last_value(versions.email) over (
            partition by versions.customer_id
            order by versions.delivery_number
            rows between unbounded preceding and unbounded following
        ) as newest_email,
        bool_or(versions.version_date <= as_of.business_date or versions.is_first_delivery) over (
            partition by versions.customer_id
        ) as is_known
    from versions
    cross join as_of
    where versions.delivery_number = 1 or versions.version_date <= as_of.business_date
),

compared as (
    select
        *,
        coalesce(content <> previous_content, true) as is_version,
        coalesce(content <> previous_content, true)
        or coalesce(email, '') <> coalesce(previous_email, '') as is_change
    from visible
),

numbered as (
    select
        *,
        count(*) filter (where is_version) over (
            partition by customer_id order by delivery_number
        ) as version_number
    from compared
),

changes as (
    select
        *,
        max(modified_at) filter (where is_change) over (
            partition by customer_id, version_number
        ) as changed_at
    from numbered
),

final as (
    select
        customer_id,
        version_number,
        first_name,
        last_name,
        newest_email as email,
        customer_phone,
        street,
        post_code,
        city,
        state,
        country,
        gender,
        marital_status,
        occupation,
        loyalty_status,
        segment_id,
        attributes,
        has_marketing_consent,
        is_known,
        is_first_delivery,
        lead(version_number) over (
            partition by customer_id order by version_number
        ) is null as is_current,
        annual_income,
        total_loyalty_points,
        birth_date,
        last_purchase_date,
        customer_since,
        coalesce(_file_date, _arrival_date) as delivered_date,
        _file_date as file_date,
        case
            when version_number = 1 then timestamp '1900-01-01 00:00:00' at time zone 'UTC'
            else version_at
        end as valid_from,
        lead(version_at) over (partition by customer_id order by version_number) as valid_to,
        changed_at as modified_at,
        _batch_id,
        _row_number
    from changes
    where is_version
)

select * from final
