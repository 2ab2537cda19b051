-- Every run looks for the rejects that are still open; those closed long ago are not to be read for it.
-- Tables made later get the index when they are made (loyalty_lens.warehouse.tables).
do $$
declare
    reject_table text;
begin
    for reject_table in
        select table_name from information_schema.columns
        where table_schema = 'reject' and column_name = 'status'
    loop
        execute format(
            $index$ create index if not exists %I on reject.%I (_batch_id) where status = 'open' $index$,
            reject_table || '_open',
            reject_table
        );
    end loop;
end
$$;
