-- A sequence for each table of raw, so that files of two data sets can be read side by side.
do $$
declare
    name text;
begin
    for name in
        select relname from pg_class
        where relnamespace = cast('raw' as regnamespace) and relkind = 'r'
    loop
        execute format('create sequence raw.%I cache 1000', name || '_row_number');
        execute format(
            'alter table raw.%I alter _row_number set default nextval(%L)',
            name, format('raw.%I', name || '_row_number')
        );
        execute format(
            'alter sequence raw.%I owned by raw.%I._row_number', name || '_row_number', name
        );
    end loop;
end $$;

drop sequence ops.row_number;
