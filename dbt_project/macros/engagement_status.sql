{#- Engagement of a customer of `scored` against the `medians` of all: recent, frequent, both, none. -#}
{% macro engagement_status() -%}
    case
        when scored.recency_days < medians.recency_days and scored.frequency > medians.frequency
            then 'Active & Engaged'
        when scored.frequency > medians.frequency then 'At Risk'
        when scored.recency_days < medians.recency_days then 'Developing'
        else 'Inactive'
    end
{%- endmacro %}
