-- A view: it is asked for one customer at a time, and reads the versions of that one alone.
{{ config(materialized='view') }}
{%- set columns = [
    'first_name', 'last_name', 'customer_phone', 'street', 'post_code', 'city', 'state',
    'country', 'gender', 'marital_status', 'occupation', 'loyalty_status', 'segment_id',
    'attributes', 'has_marketing_consent', 'annual_income', 'total_loyalty_points',
    'birth_date', 'last_purchase_date', 'customer_since',
] %}

with

versions as (
    select * from {{ ref('customer_history') }}
),

earlier as (
    select * from {{ ref('customer_history') }}
),

batches as (
    select
        batch_id,
        source_file,
        loaded_at
    from {{ source('ops', 'load_batches') }}
),

final as (
    select
        versions.customer_id,
        versions.version_number,
        case
            when earlier.version_number is not null
                then concat_ws(
                    ', '
                    {%- for column in columns %},
                    case
                        when versions.{{ column }} is distinct from earlier.{{ column }}
                            then '{{ column }}'
                    end
                    {%- endfor %}
                )
        end as changed_columns,
        versions.is_current
        {%- for column in columns if column != 'attributes' %},
        versions.{{ column }}
        {%- endfor %},
        versions.delivered_date,
        case when earlier.version_number is not null then versions.valid_from end as changed_at,
        batches.source_file as _source_file,
        versions._row_number as _record_number,
        batches.loaded_at as _loaded_at
    from versions
    left join earlier
        on
            versions.customer_id = earlier.customer_id
            and versions.version_number = earlier.version_number + 1
    left join batches on versions._batch_id = batches.batch_id
    where versions.is_known
)

select * from final
