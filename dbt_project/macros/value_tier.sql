{#- Value of a customer of `scored` against the `medians` of all. -#}
{% macro value_tier() -%}
    case
        when scored.monetary > 2 * medians.monetary then 'High Value'
        when scored.monetary > medians.monetary then 'Growing Value'
        else 'Base Value'
    end
{%- endmacro %}
