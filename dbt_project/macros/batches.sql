{#- Reading again only the batches that have changed (docs/decisions/0022). -#}

{#- Live batches of a data set, each with a fingerprint of what follows from it besides its rows in raw,
    which never change: how it is read, and which of its rows are rejected or repeat others. -#}
{% macro batch_fingerprints(data_set) -%}
    select
        batches.batch_id,
        hash_record_extended(
            row(
                batches.date_order,
                batches.decimal_mark,
                rejected.row_count,
                rejected.checksum,
                repeated.row_count,
                repeated.checksum
            ),
            0
        ) as fingerprint
    from ops.load_batches as batches
    left join (
        select
            _batch_id,
            count(*) as row_count,
            bit_xor(hashint8extended(_row_number, 0)) as checksum
        from reject.{{ data_set }}
        where status <> 'replayed'
        group by _batch_id
    ) as rejected on batches.batch_id = rejected._batch_id
    left join (
        select
            _batch_id,
            count(*) as row_count,
            bit_xor(hashint8extended(_row_number, 0)) as checksum
        from ops.duplicates
        where data_set = '{{ data_set }}'
        group by _batch_id
    ) as repeated on batches.batch_id = repeated._batch_id
    where batches.data_set = '{{ data_set }}' and batches.status = 'validated'
{%- endmacro %}


{#- What all rows of the model follow from: its code, that of the views it reads, and the functions
    that read texts. -#}
{% macro batch_recipe() -%}
    {%- set parts = [model.raw_code] -%}
    {%- for id in model.depends_on.nodes | sort if id in graph.nodes -%}
        {%- do parts.append(graph.nodes[id].raw_code) -%}
    {%- endfor -%}
    {%- set readers = run_query(
        "select md5(string_agg(prosrc, '|' order by proname, oid)) from pg_proc"
        " where pronamespace = 'ops'::regnamespace and proname like 'read\\_%'"
    ) -%}
    {%- do parts.append(readers.rows[0][0]) -%}
    {{ return(local_md5(parts | join('\n'))) }}
{%- endmacro %}
