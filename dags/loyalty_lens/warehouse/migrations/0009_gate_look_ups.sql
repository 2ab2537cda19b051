-- What the gate remembers of the rows it judged, so that a look-up costs what it finds and not what
-- there is: judge.known_<data set>, made and kept by loyalty_lens.quality.known from datasets.yml.
create table judge.known_tables (
    data_set text primary key,
    reading text not null
);
comment on table judge.known_tables is
'One row per judge.known_<data set>: a digest of how it is made; another digest and it is made anew';

create table judge.known_batches (
    batch_id bigint primary key references ops.load_batches (batch_id)
);
comment on table judge.known_batches is 'The batches whose rows are in judge.known_<data set>';

comment on schema judge is
'Scratch of the gate: the rows under judgement with looked-up facts; and known_*: typed facts of every judged row, indexed, made anew from raw where they are missing';

-- The same readers, quicker: nearly every text is printable from end to end, has no point in it as a
-- key, and is none of the words for nothing (they begin with an n). btrim, upper and a regular
-- expression cost more than all the rest of a row.
create or replace function ops.read_text(value text) returns text
language sql immutable parallel safe
as $$
    select case
        when
            ascii(value) between 33 and 126
            and ascii(value) not in (78, 110)
            and ascii(right(value, 1)) between 33 and 126
            then value
        when upper(btrim(value, E' \t\r\n\u00a0')) in ('', 'NULL', 'NAN', 'N/A') then null
        else btrim(value, E' \t\r\n\u00a0')
    end
$$;

create or replace function ops.read_id(value text) returns text
language sql immutable parallel safe
as $$
    select case
        when strpos(value, '.') = 0 then ops.read_text(value)
        else regexp_replace(ops.read_text(value), '^([0-9]+)\.0+$', '\1')
    end
$$;
