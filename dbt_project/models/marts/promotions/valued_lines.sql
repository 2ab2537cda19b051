-- A view: each line with what it sold, cost and earned (lines_with_values); few days and stores are
-- asked of the macro itself.
{{ config(materialized='view') }}
{{ lines_with_values(of_any) }}
