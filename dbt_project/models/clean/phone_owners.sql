-- Whose a phone is: the one customer who has it, by the newest versions; merges are followed.
{{ config(
    tells=['customer_phone'],
    told_by=['customer_id', 'customer_count', 'attributed_from_date']
) }}
{%- set past = setting('past_guest_sales', 'LENS_PAST_GUEST_SALES', 'attribute') %}
{%- if past not in ('attribute', 'leave') -%}
    {{ exceptions.raise_compiler_error('past_guest_sales: use attribute or leave') }}
{%- endif %}
with

mergers as (
    select
        customer_id,
        merged_into
    from {{ ref('customer_merges') }}
),

versions as (
    select
        history.customer_phone,
        coalesce(mergers.merged_into, history.customer_id) as customer_id,
        history.is_current and history.is_known as is_held,
        case
            when history.version_number > 1
                then cast(history.valid_from at time zone 'UTC' as date)
            when history.customer_since is not null then history.customer_since
            when history.is_first_delivery then date '-infinity'
            else history.delivered_date
        end as since_date
    from {{ ref('customer_history') }} as history
    left join mergers on history.customer_id = mergers.customer_id
    where history.customer_phone is not null
),

held as (
    select
        customer_phone,
        customer_id,
        min(since_date) as since_date
    from versions
    group by customer_phone, customer_id
    having bool_or(is_held)
),

final as (
    select
        customer_phone,
        case when count(*) = 1 then min(customer_id) end as customer_id,
        count(*) as customer_count,
        min(since_date) as known_since_date,
        {% if past == 'leave' -%}
        min(since_date)
        {%- else -%}
        date '-infinity'
        {%- endif %} as attributed_from_date
    from held
    group by customer_phone
)

select * from final
