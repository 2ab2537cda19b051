select
    {% if var('business_date', none) %}
    date '{{ var("business_date") }}' as business_date
    {%- else %}
    ops.published_business_date() as business_date
    {%- endif %}
