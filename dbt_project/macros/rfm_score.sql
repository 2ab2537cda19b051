{#- A score from 1 to 5. strictly_worse (default): 1 + 5 x share of customers strictly worse, in whole
    numbers, so that equals score equal. ntile: groups of equal size, equals told apart by key.
    within: the column whose every value is scored by itself. -#}
{% macro rfm_score(worst_first, within=none) -%}
    {%- set partition = 'partition by ' ~ within ~ ' ' if within else '' -%}
    {%- if var('rfm_scoring') == 'ntile' -%}
    ntile(5) over ({{ partition }}order by {{ worst_first }}, customer_id collate "C")
    {%- elif var('rfm_scoring') == 'strictly_worse' -%}
    cast(
        1 + (5 * (rank() over ({{ partition }}order by {{ worst_first }}) - 1))
        / count(*) over ({{ partition | trim }}) as integer
    )
    {%- else -%}
        {{ exceptions.raise_compiler_error('rfm_scoring: use strictly_worse or ntile') }}
    {%- endif -%}
{%- endmacro %}
