{#- Median of a sorted array of so many values, as percentile_cont reckons it and macro median rounds it. -#}
{% macro median_of(values, count) -%}
    {%- set low = 'cast(' ~ values ~ '[(' ~ count ~ ' + 1) / 2] as double precision)' -%}
    {%- set high = 'cast(' ~ values ~ '[' ~ count ~ ' / 2 + 1] as double precision)' -%}
    {%- set first = 'least(' ~ low ~ ', ' ~ high ~ ')' -%}
    round(
        cast({{ first }} + 0.5 * (greatest({{ low }}, {{ high }}) - {{ first }}) as numeric), 6
    )
{%- endmacro %}


{#- Of so many values sorted worst first, those that a value is to be better than for the scores 2 to 5: so many
    customers are strictly worse then that macro rfm_score gives it (1 + 5 x worse / count, in whole
    numbers). `column` names them by the score, as in `r{}_below`. -#}
{% macro score_thresholds(values, column, count) -%}
    {%- for score in range(2, 6) -%}
    {{ values }}[({{ score - 1 }} * {{ count }} + 4) / 5] as {{ column.format(score) }}
    {{- ', ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- The score of a value of `measured` by the `thresholds` of its state, as macro rfm_score gives it. -#}
{% macro score_by_thresholds(value, comparison, column) -%}
    case
        {%- for score in range(5, 1, -1) %}
        when measured.{{ value }} {{ comparison }} thresholds.{{ column.format(score) }} then {{ score }}
        {%- endfor %}
        else 1
    end
{%- endmacro %}


{#- Scores of `measured`: by thresholds, or where equals are told apart by key, by place among all of a state. -#}
{% macro state_scores() -%}
    {%- if var('rfm_scoring') == 'ntile' -%}
        {{ rfm_score('measured.recency_days desc', 'measured.state_date') }} as r_score,
        {{ rfm_score('measured.frequency asc', 'measured.state_date') }} as f_score,
        {{ rfm_score('measured.monetary asc', 'measured.state_date') }} as m_score
    {%- else -%}
        {{ score_by_thresholds('recency_days', '<', 'r{}_below') }} as r_score,
        {{ score_by_thresholds('frequency', '>', 'f{}_above') }} as f_score,
        {{ score_by_thresholds('monetary', '>', 'm{}_above') }} as m_score
    {%- endif -%}
{%- endmacro %}


{#- What a value of a customer is held against: `measure threshold comparison`, the threshold an expression
    of state_thresholds' columns. -#}
{% macro thresholds_of_measures() -%}
    {%- set found = [
        ('recency_days', 'median_recency_days', '<'), ('frequency', 'median_frequency', '>'),
        ('monetary', 'median_monetary', '>'), ('monetary', '2 * median_monetary', '>'),
        ('monetary', "coalesce(high_spender_from, 'infinity')", '>='),
    ] -%}
    {%- for score in range(2, 6) -%}
        {%- do found.append(('recency_days', 'r' ~ score ~ '_below', '<')) -%}
        {%- do found.append(('frequency', 'f' ~ score ~ '_above', '>')) -%}
        {%- do found.append(('monetary', 'm' ~ score ~ '_above', '>')) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
