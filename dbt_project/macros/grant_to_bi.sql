{#- Lets the role of dashboards read the columns of a mart that are not contact data. A column that
    is not itself classified stays closed. Only prod is read by dashboards. -#}
{% macro grant_to_bi() -%}
    {%- if target.name == 'prod' and execute -%}
        {%- set open = [] -%}
        {%- for column in model.columns.values() -%}
            {%- if column.config.meta.get('classification') in ('none', 'personal') -%}
                {%- do open.append(adapter.quote(column.name)) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if open -%}
        do $grant$
        begin
            if exists (select from pg_roles where rolname = 'lens_bi') then
                grant select ({{ open | join(', ') }}) on {{ this }} to lens_bi;
            end if;
        end
        $grant$
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
