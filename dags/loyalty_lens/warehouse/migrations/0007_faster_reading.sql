-- The reading functions in PL/pgSQL: its simple expressions cost a microsecond, where a SQL function
-- that cannot be inlined costs twenty. Each tries the usual form first.

create or replace function ops.read_number(value text, decimal_mark text) returns numeric
language plpgsql immutable strict parallel safe
as $$
declare
    plain text := value;
    number numeric;
begin
    if decimal_mark = '.' and value ~ '^-?[0-9]{1,14}(\.[0-9]{1,20})?$' then
        return cast(value as numeric);
    end if;
    plain := ops.read_text(value);
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
    return case when abs(number) < 1e14 then number end;
end
$$;

create or replace function ops.read_integer(value text, decimal_mark text) returns integer
language plpgsql immutable strict parallel safe
as $$
declare
    number numeric;
begin
    if value ~ '^-?[0-9]{1,9}$' then
        return cast(value as integer);
    end if;
    number := ops.read_number(value, decimal_mark);
    return case when number = trunc(number) and abs(number) <= 2147483647 then cast(number as integer) end;
end
$$;

create or replace function ops.iso_timestamp(value text, date_order text) returns text
language plpgsql immutable strict parallel safe
as $$
declare
    plain text;
    tail constant text :=
        '([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)? ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?)?$';
begin
    if value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$' then
        return value;
    end if;
    plain := ops.read_text(value);
    if plain ~ ('^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}' || tail) then
        return replace(regexp_replace(plain, '^([0-9]+)[-/]([0-9]+)[-/]([0-9]+)', '\1-\2-\3'), ',', '.');
    elsif plain ~ ('^[0-9]{1,2}[-/][0-9]{1,2}[-/][0-9]{4}' || tail) then
        return replace(
            regexp_replace(
                plain,
                '^([0-9]+)[-/]([0-9]+)[-/]([0-9]+)',
                case when date_order = 'month_first' then '\3-\1-\2' else '\3-\2-\1' end
            ),
            ',', '.'
        );
    end if;
    return null;
end
$$;

create or replace function ops.read_timestamp(value text, date_order text) returns timestamp
language plpgsql stable strict parallel safe
as $$
declare
    iso text := ops.iso_timestamp(value, date_order);
begin
    if pg_input_is_valid(iso, 'timestamp') then
        return cast(iso as timestamp);
    end if;
    return null;
end
$$;

create or replace function ops.read_instant(value text, date_order text) returns timestamptz
language plpgsql stable strict parallel safe
as $$
declare
    iso text;
begin
    if value !~ ':.*(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)[[:space:]]*$' then
        return null;
    end if;
    iso := ops.iso_timestamp(value, date_order);
    if pg_input_is_valid(iso, 'timestamptz') then
        return cast(iso as timestamptz);
    end if;
    return null;
end
$$;

create or replace function ops.read_date(value text, date_order text) returns date
language plpgsql stable strict parallel safe
as $$
begin
    return cast(ops.read_timestamp(value, date_order) as date);
end
$$;

create or replace function ops.read_boolean(value text) returns boolean
language plpgsql immutable strict parallel safe
as $$
declare
    plain text := lower(ops.read_id(value));
begin
    return case
        when plain in ('true', 't', 'yes', 'y', '1') then true
        when plain in ('false', 'f', 'no', 'n', '0') then false
    end;
end
$$;

create or replace function ops.read_phone(value text) returns text
language plpgsql immutable strict parallel safe
as $$
begin
    return nullif(regexp_replace(ops.read_id(value), '[^0-9]', '', 'g'), '');
end
$$;
