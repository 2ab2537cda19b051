{#- A text of notification_templates with {points}, {balance}, {date}, {tier} and {amount} filled in, from columns of
those names that hold text. -#}
{% macro filled_template(column, relation) -%}
    {%- set filled = namespace(text=column) -%}
    {%- for name in ('points', 'balance', 'date', 'tier', 'amount') -%}
        {%- set filled.text = "replace(" ~ filled.text ~ ", '{" ~ name ~ "}', coalesce(" ~ relation ~ "." ~ name
            ~ "_text, ''))" -%}
    {%- endfor -%}
    {{ filled.text }}
{%- endmacro %}
