{#- Whether a word of a file names a tier of the seed loyalty_tiers: by its name or an alias. -#}
{% macro names_tier(word) -%}
    lower(trim({{ word }})) = any(
        string_to_array(lower(concat_ws('|', loyalty_tiers.tier, loyalty_tiers.aliases)), '|')
    )
{%- endmacro %}
