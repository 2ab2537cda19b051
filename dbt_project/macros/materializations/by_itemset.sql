{#- A table made of counts of products in baskets (ops.basket_counts), which follow the baskets that came and went
    (docs/decisions/0049). All baskets are counted where the model was never built, with other code,
    with --full-refresh, where `clean.sale_lines` was made anew, and where two products that are not kept may
    have come to count. The model's query has the counting between marks (counted_itemsets); in a target of an
    analyst it is run as it is. -#}
{% materialization by_itemset, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set is_kept = target.name == 'prod' -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if is_kept -%}
        {%- set recipe = row_recipe(sql) -%}
        {%- set made_of = makings(sql) -%}
        {%- set last = run_query("select coalesce(max(change_id), 0) from ops.row_changes").rows[0][0] -%}
        {%- if made_of.stands and existing is not none and existing.is_table and not flags.FULL_REFRESH -%}
            {%- call statement('main') -%} {{ open_to_roles() }} {%- endcall -%}
        {%- else -%}
            {%- set is_by_changes = is_by_changes(recipe) -%}
            {%- if is_by_changes -%}
                {%- call statement('count') -%} {{ count_changed_itemsets() }} {%- endcall -%}
            {%- endif -%}
            {%- if not is_by_changes or not are_itemsets_known() -%}
                {%- call statement('count') -%} {{ count_all_itemsets(sql) }} {%- endcall -%}
            {%- endif -%}
            {%- do replace_table(existing, table, sql_of_counts(sql), made_of=made_of) -%}
        {%- endif -%}
        {%- call statement('record') -%} {{ record_build(recipe, last) }} {%- endcall -%}
    {%- else -%}
        {%- do replace_table(existing, table, sql) -%}
    {%- endif -%}

    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
