-- How the text of a file is read; the gate and dbt's staging models both call these functions.
-- Each returns null where the text is empty (read_text) and where it does not fit the type:
-- the gate tells the two apart. Nothing here raises an error, whatever the text.
--
-- The readers themselves are SQL expressions without a FROM, which the planner puts in place of the
-- call: the usual form costs a match and a cast. What is not in the usual form goes to the reader of
-- the same name with "_tolerantly", in PL/pgSQL, which costs a few microseconds.

create function ops.read_text(value text) returns text
language sql immutable parallel safe
as $$
    select case
        when upper(btrim(value, E' \t\r\n\u00a0')) in ('', 'NULL', 'NAN', 'N/A') then null
        else btrim(value, E' \t\r\n\u00a0')
    end
$$;
comment on function ops.read_text(text) is 'Trimmed; empty, NULL, NaN and N/A are null';

create function ops.read_id(value text) returns text
language sql immutable parallel safe
as $$ select regexp_replace(ops.read_text(value), '^([0-9]+)\.0+$', '\1') $$;
comment on function ops.read_id(text) is 'A key; a spreadsheet''s 1.0 reads as 1';

create function ops.read_number_tolerantly(value text, decimal_mark text) returns numeric
language plpgsql immutable strict parallel safe
as $$
declare
    plain constant text := ops.read_text(value);
    number numeric;
begin
    if plain is null then
        return null;
    elsif decimal_mark = ',' then
        if plain !~ '^[+-]?([0-9]{1,15}|[0-9]{1,3}(\.[0-9]{3}){1,4})(,[0-9]{0,20})?$' then
            return null;
        end if;
        number := cast(rtrim(replace(replace(plain, '.', ''), ',', '.'), '.') as numeric);
    else
        if
            plain !~ '^[+-]?([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})?(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?$'
            or plain !~ '^[+-]?\.?[0-9]'
        then
            return null;
        end if;
        number := cast(replace(plain, ',', '') as numeric);
    end if;
    return case when abs(number) < 99999999999999 then number end;
end
$$;

create function ops.read_number(value text, decimal_mark text) returns numeric
language sql immutable parallel safe
as $$
    select case
        when decimal_mark = '.' and length(value) < 14 and value ~ '^-?[0-9]+([.][0-9]+)?$'
            then cast(value as numeric)
        when value <> '' then ops.read_number_tolerantly(value, decimal_mark)
    end
$$;
comment on function ops.read_number(text, text) is
'A number with thousands and decimal marks; null beyond 14 digits';

create function ops.whole(number numeric) returns integer
language plpgsql immutable strict parallel safe
as $$
begin
    return case
        when number = trunc(number) and abs(number) <= 2147483647 then cast(number as integer)
    end;
end
$$;
comment on function ops.whole(numeric) is 'The number as an integer; null if it is none';

create function ops.read_integer(value text, decimal_mark text) returns integer
language sql immutable parallel safe
as $$
    select case
        when length(value) < 10 and value ~ '^-?[0-9]+$' then cast(value as integer)
        when value <> '' then ops.whole(ops.read_number_tolerantly(value, decimal_mark))
    end
$$;
comment on function ops.read_integer(text, text) is 'A whole number; 3.0 reads as 3';

create function ops.iso_timestamp(value text, date_order text) returns text
language plpgsql immutable strict parallel safe
as $$
declare
    plain constant text := ops.read_text(value);
    tail constant text :=
        '([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)? ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?)?$';
    iso text;
begin
    if plain ~ ('^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}' || tail) then
        iso := regexp_replace(plain, '^([0-9]+)[-/]([0-9]+)[-/]([0-9]+)', '\1-\2-\3');
    elsif plain ~ ('^[0-9]{1,2}[-/][0-9]{1,2}[-/][0-9]{4}' || tail) then
        iso := regexp_replace(
            plain,
            '^([0-9]+)[-/]([0-9]+)[-/]([0-9]+)',
            case when date_order = 'month_first' then '\3-\1-\2' else '\3-\2-\1' end
        );
    end if;
    return replace(iso, ',', '.');
end
$$;
comment on function ops.iso_timestamp(text, text) is 'A date or timestamp written the ISO way round';

create function ops.read_timestamp_tolerantly(value text, date_order text) returns timestamp
language plpgsql stable strict parallel safe
as $$
declare
    iso constant text := ops.iso_timestamp(value, date_order);
begin
    if pg_input_is_valid(iso, 'timestamp') then
        return cast(iso as timestamp);
    end if;
    return null;
end
$$;

create function ops.read_timestamp(value text, date_order text) returns timestamp
language sql stable parallel safe
as $$
    select case
        when
            value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?)?$'
            and pg_input_is_valid(value, 'timestamp')
            then cast(value as timestamp)
        when value <> '' then ops.read_timestamp_tolerantly(value, date_order)
    end
$$;
comment on function ops.read_timestamp(text, text) is
'The time on the clock where it was written; an offset is left aside (see read_instant)';

create function ops.read_instant_tolerantly(value text, date_order text) returns timestamptz
language plpgsql stable strict parallel safe
as $$
declare
    iso constant text := ops.iso_timestamp(value, date_order);
begin
    if iso ~ ':.*(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$' and pg_input_is_valid(iso, 'timestamptz') then
        return cast(iso as timestamptz);
    end if;
    return null;
end
$$;

create function ops.read_instant(value text, date_order text) returns timestamptz
language sql stable parallel safe
as $$
    select case when value ~ ':.*[ZC+-]' then ops.read_instant_tolerantly(value, date_order) end
$$;
comment on function ops.read_instant(text, text) is 'The moment, where the text says its offset';

create function ops.read_date(value text, date_order text) returns date
language sql stable parallel safe
as $$ select cast(ops.read_timestamp(value, date_order) as date) $$;
comment on function ops.read_date(text, text) is 'The date as written';

create function ops.read_boolean(value text) returns boolean
language plpgsql immutable strict parallel safe
as $$
declare
    plain constant text := lower(ops.read_id(value));
begin
    return case
        when plain in ('true', 't', 'yes', 'y', '1') then true
        when plain in ('false', 'f', 'no', 'n', '0') then false
    end;
end
$$;
comment on function ops.read_boolean(text) is 'true/false, yes/no, y/n, 1/0';

create function ops.read_phone(value text) returns text
language sql immutable parallel safe
as $$ select nullif(regexp_replace(ops.read_id(value), '[^0-9]', '', 'g'), '') $$;
comment on function ops.read_phone(text) is 'Digits only';

create function ops.read_weekdays(value text) returns integer[]
language sql immutable parallel safe
as $$
    select case when bool_and(day is not null) then array_agg(distinct day order by day) end
    from (
        select case
            when word ~ '^[1-7]$' then cast(word as integer)
            else array_position(
                array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], left(lower(word), 3)
            )
        end as day
        from regexp_split_to_table(ops.read_id(value), '[,;|/ ]+') as word
        where word <> ''
    ) as days
$$;
comment on function ops.read_weekdays(text) is 'ISO weekday numbers (1 = Monday) or English names';
