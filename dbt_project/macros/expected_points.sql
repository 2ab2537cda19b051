{#- Points of a vintage that will be used in all (docs/points.md): of an open one by the breakage,
    never less than were used and never more than are there. -#}
{% macro expected_points(breakage_ratio) -%}
    case
        when is_over then used_points
        else least(
            greatest(issued_points * (1 - {{ breakage_ratio }}), used_points),
            used_points + outstanding_points
        )
    end
{%- endmacro %}
