-- The keys of a column that a model has told since another was built. A function, so that some thousands are
-- expected: ops.row_changes is empty most of the time, and a row or two were planned for 60,000.
create function ops.told_keys(told_by text, told_column text, follower text)
returns setof text
language plpgsql stable parallel safe rows 10000 as $$
begin
    return query
    select changes.key
    from ops.row_changes as changes
    where
        changes.model = told_by
        and changes.column_name = told_column
        and changes.change_id > (
            select builds.change_id from ops.row_builds as builds
            where builds.model = follower
        );
end
$$;
