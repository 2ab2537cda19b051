{#- Customers of whom the table says otherwise: it is small, and is compared. -#}
{% macro changed_customer_segments() -%}
    select coalesce(stood.customer_id, details.customer_id)
    from {{ this }} as stood
    full join {{ ref('customer_details') }} as details on stood.customer_id = details.customer_id
    where
        (stood.customer_id, stood.segment_name, stood.value_segment, stood.tier)
        is distinct from
        (details.customer_id, details.segment_name, details.value_segment, details.tier)
{%- endmacro %}
