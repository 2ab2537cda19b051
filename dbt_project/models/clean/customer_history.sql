-- History comes from the delivered versions, not from dbt snapshots: those cannot be rebuilt.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

-- The first delivery says who was there from the beginning, whatever date it carries.
versions as materialized (
    select
        *,
        cast(version_at at time zone 'UTC' as date) as version_date,
        dense_rank() over (order by _arrival_date, _file_date nulls first) = 1 as is_first_delivery,
        row_number() over (
            partition by customer_id order by version_at, _batch_id, _row_number
        ) as delivery_number,
        {{ content_hash([
            'first_name', 'last_name', 'email', 'customer_phone', 'street', 'post_code', 'city',
            'state', 'country', 'gender', 'marital_status', 'occupation', 'loyalty_status',
            'segment_id', 'attributes', 'has_marketing_consent', 'annual_income',
            'total_loyalty_points', 'birth_date', 'last_purchase_date', 'customer_since',
        ]) }} as content
    from {{ ref('stg_customer_details') }}
),

visible as (
    select
        versions.*,
        lag(versions.content) over (
            partition by versions.customer_id order by versions.delivery_number
        ) as previous_content,
        bool_or(versions.version_date <= as_of.business_date or versions.is_first_delivery) over (
            partition by versions.customer_id
        ) as is_known
    from versions
    cross join as_of
    where versions.delivery_number = 1 or versions.version_date <= as_of.business_date
),

changes as (
    select
        *,
        row_number() over (partition by customer_id order by delivery_number) as version_number
    from visible
    where content is distinct from previous_content or delivery_number = 1
),

final as (
    select
        customer_id,
        version_number,
        first_name,
        last_name,
        email,
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
        modified_at,
        _batch_id,
        _row_number
    from changes
)

select * from final
