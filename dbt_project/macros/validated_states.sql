{#- State dates have numbers in their order: as many as there can be are the month ends of the months that the
    history goes back, one before them, and the business date. -#}


{#- Of `dates` (state_date, until_date, number) the two of each number, as from_1, until_1 and so on. -#}
{% macro spans_by_number() -%}
    {%- for number in range(1, var('segment_history_months') | int + 3) -%}
    max(state_date) filter (where number = {{ number }}) as from_{{ number }},
    max(until_date) filter (where number = {{ number }}) as until_{{ number }}
    {{- ', ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- What was spent after each state of `spans`, as amount_1 and so on; null without a purchase. -#}
{% macro amounts_by_number() -%}
    {%- for number in range(1, var('segment_history_months') | int + 3) -%}
    sum(purchases.monetary_amount) filter (
        where
        purchases.business_date > spans.from_{{ number }}
        and purchases.business_date <= spans.until_{{ number }}
    ) as amount_{{ number }}
    {{- ', ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- The amount of `bought` after the state of that number. -#}
{% macro amount_after(number) -%}
    case {{ number }}
        {%- for other in range(1, var('segment_history_months') | int + 3) %}
        when {{ other }} then bought.amount_{{ other }}
        {%- endfor %}
    end
{%- endmacro %}
