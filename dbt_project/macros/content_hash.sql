{#- A key made of content: the same content has the same key in every warehouse and every run. -#}
{% macro content_hash(columns) -%}
    md5(cast(row({{ columns | join(', ') }}) as text))
{%- endmacro %}
