{#- Exchanges what differs between the rows that a query makes and those that stand: the rows that are the
    same are not touched. `columns`: the names, `made`: the same as they are to be selected from `sql`;
    `those`: the condition that a row `stood` is one of those made anew. Leaves the temporary table
    `differing`: rows that came (is_new) and rows that went. Rows are held against those that stand as they are
    made, by a hash of their content: of what is the same nothing is written. -#}
{% macro exchange_rows(table, sql, columns, made, those) -%}
    create temporary table held on commit drop as
    select made.*, stood.place
    from (
        select model.*, hash_record_extended(model, 0) as content
        from (
            select {{ made }} from ({{ sql }}) as model
        ) as model
    ) as made
    full join (
        select hash_record_extended(stood, 0) as content, stood.ctid as place
        from {{ table }} as stood
        where {{ those }}
    ) as stood on made.content = stood.content
    where made.content is null or stood.content is null;
    create temporary table differing on commit drop as
    select {{ columns }}, true as is_new, null::tid as place from held
    where place is null
    union all
    select {{ columns }}, false as is_new, ctid as place from {{ table }}
    where ctid = any(array(select held.place from held where held.place is not null));
    delete from {{ table }}
    where ctid = any(array(select differing.place from differing where not differing.is_new));
    insert into {{ table }} ({{ columns }})
    select {{ columns }} from differing where is_new;
{%- endmacro %}
