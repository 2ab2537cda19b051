{#- Leaving a table as it is where all that it is made of is as it was (docs/decisions/0044): tables have a
    version (ops.relation_versions), and so has whatever else a model reads. -#}

{#- The rows of a relation as a text that is another one after any change: who wrote them. -#}
{% macro version_of_rows(relation, condition='true') -%}
    (
        select
            count(*) || '.' || coalesce(
                sum(hashint8extended(cast(cast(rows.xmin as text) as bigint), 0)), 0
            )
        from {{ relation }} as rows
        where {{ condition }}
    )
{%- endmacro %}


{#- What the rows of a relation say, as a text, but for columns in `renewed`, which no table reads. -#}
{% macro version_of_content(relation, renewed=()) -%}
    (
        select count(*) || '.' || coalesce(
            sum(
                {% if renewed -%}
                    hashtextextended(
                        cast(to_jsonb(rows) - cast(array['{{ renewed | join("', '") }}'] as text[]) as text), 0
                    )
                {%- else -%}
                    hash_record_extended(rows, 0)
                {%- endif %}
            ),
            0
        )
        from {{ relation }} as rows
    )
{%- endmacro %}


{#- The ids of nodes, and of what those of them that are views read, with spaces between. -#}
{% macro nodes_read(ids) -%}
    {%- for id in ids -%}
        {{ id ~ ' ' }}
        {%- if id in graph.nodes and graph.nodes[id].config.materialized == 'view' -%}
            {{ nodes_read(graph.nodes[id].depends_on.nodes) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- An expression of the version of a node; null where nobody knows it. -#}
{% macro version_of_node(id) -%}
    {%- if id in graph.sources -%}
        {%- set source = graph.sources[id] -%}
        {%- set batches = "rows.data_set = '" ~ source.name ~ "'" -%}
        {%- if source.schema == 'raw' -%}
            {{ version_of_rows('ops.load_batches', batches) }}
        {%- elif source.schema == 'accepted' -%}
            md5(pg_get_viewdef(to_regclass('{{ source.relation_name }}')))
            || {{ version_of_rows('ops.load_batches', batches) }}
            || {{ version_of_rows('reject.' ~ source.name) }}
            || {{ version_of_rows('ops.duplicates', batches) }}
        {%- elif source.config.meta.renewed -%}
            {{ version_of_content(source.relation_name, source.config.meta.renewed) }}
        {%- else -%}
            {{ version_of_rows(source.relation_name) }}
        {%- endif -%}
    {%- else -%}
        {%- set node = graph.nodes[id] -%}
        {%- if node.resource_type == 'seed' -%}
            {{ version_of_content(node.relation_name) }}
        {%- elif node.config.materialized == 'view' -%}
            md5(pg_get_viewdef(to_regclass('{{ node.relation_name }}')))
        {%- elif node.config.materialized == 'incremental' -%}
            {{ version_of_rows(node.relation_name) }}
        {%- else -%}
            (select known.version from ops.relation_versions as known where known.relation = '{{ node.name }}')
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- What this model would be made of: `recipe` (code with settings, functions of the database, columns) and
    `inputs` (versions of all that it reads, none where one of them is unknown), and whether it `stands`: was
    made of these last; or at least with this recipe (`is_coded_so`). -#}
{% macro makings(sql) -%}
    {%- set versions = [] -%}
    {%- for id in nodes_read(model.depends_on.nodes).split() | unique | sort -%}
        {%- do versions.append(version_of_node(id)) -%}
    {%- endfor -%}
    {%- set found = run_query(
        "select case when array_position(read.versions, null) is null then md5(cast(read.versions as text)) end,"
        " known.recipe, known.inputs"
        " from (select cast(array[" ~ versions | join(', ') ~ "] as text[]) as versions) as read"
        " left join ops.relation_versions as known on known.relation = '" ~ model.name ~ "'"
    ).rows[0] -%}
    {%- set recipe = local_md5(row_recipe(sql) ~ tojson(model.columns) ~ tojson(model.config)) -%}
    {{ return({
        'recipe': recipe,
        'inputs': found[0],
        'is_coded_so': found[1] == recipe,
        'stands': found[0] is not none and found[1] == recipe and found[2] == found[0],
    }) }}
{%- endmacro %}


{#- Whether the query's rows are those of the table, text for text: of a small table. -#}
{% macro says_the_same(table, sql) -%}
    {%- set content = "(select array_agg(cast(rows as text) order by cast(rows as text)) from (" -%}
    {{ return(run_query(
        "select " ~ content ~ sql ~ ") as rows) is not distinct from "
        ~ content ~ "select * from " ~ table ~ ") as rows)"
    ).rows[0][0]) }}
{%- endmacro %}


{#- Notes that this table was made anew, of `made_of` (makings). One that says the same as before has the version that
    it had: a small one, and where the config `is_compared` says so. -#}
{% macro note_making(table, made_of) -%}
    insert into ops.relation_versions (relation, version, recipe, inputs)
    select
        '{{ model.name }}',
        case
            when {{ 'true' if config.get('is_compared') else 'pg_class.reltuples between 0 and 100000' }}
                then {{ version_of_content(table) }}
            else cast(gen_random_uuid() as text)
        end,
        {{ "'" ~ made_of.recipe ~ "'" if made_of else 'null' }},
        {{ "'" ~ made_of.inputs ~ "'" if made_of and made_of.inputs else 'null' }}
    from pg_class
    where pg_class.oid = cast('{{ table }}' as regclass)
    on conflict (relation) do update set
    version = excluded.version, recipe = excluded.recipe, inputs = excluded.inputs;
{%- endmacro %}


{#- Notes that rows of this table were exchanged, where the condition says so. -#}
{% macro note_exchange(is_changed='true') -%}
    insert into ops.relation_versions (relation, version)
    values ('{{ model.name }}', gen_random_uuid())
    on conflict (relation) do update set version = excluded.version
    where {{ is_changed }};
{%- endmacro %}
