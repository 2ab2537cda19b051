{#- Exchanges what differs between the rows that a query makes and those that stand: the rows that are the
    same are not touched. `columns`: the names, `made`: the same as they are to be selected from `sql`;
    `those`: the condition that a row `stood` is one of those made anew. Leaves the temporary table
    `differing`: rows that came (is_new) and rows that went. They are held against each other by an
    anti-join: what is `not in` many rows is looked up row by row once they outgrow memory. -#}
{% macro exchange_rows(table, sql, columns, made, those) -%}
    create temporary table made on commit drop as
    select made.*, hash_record_extended(made, 0) as content
    from (
        select {{ made }} from ({{ sql }}) as model
    ) as made;
    create temporary table stood on commit drop as
    select stood.*, hash_record_extended(stood, 0) as content, stood.ctid as place
    from {{ table }} as stood
    where {{ those }};
    analyze made (content);
    analyze stood (content);
    create temporary table differing on commit drop as
    select {{ columns }}, true as is_new, null::tid as place from made
    where not exists (select from stood where stood.content = made.content)
    union all
    select {{ columns }}, false as is_new, place from stood
    where not exists (select from made where made.content = stood.content);
    delete from {{ table }}
    where ctid in (select differing.place from differing where not differing.is_new);
    insert into {{ table }} ({{ columns }})
    select {{ columns }} from differing where is_new;
{%- endmacro %}
