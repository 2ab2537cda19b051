-- Guests leave phones of customers who were erased, and old files name them: they are known by a keyed
-- hash alone, whose key the pipeline's connection holds and no table does (docs/privacy.md).
create table ops.erased_phones (
    phone_hash text primary key,
    key_id text not null,
    surrogate text,
    erased_at timestamptz not null default clock_timestamp()
);
comment on table ops.erased_phones is
'One row per phone of an erased customer; rows that come later get the surrogate, or none';
comment on column ops.erased_phones.phone_hash is 'HMAC-SHA256 of the digits, with the key of pseudonyms';
comment on column ops.erased_phones.key_id is 'Which key that was';
comment on column ops.erased_phones.surrogate is
'The made-up number by which sales of guests follow the customer; empty: there were none';

create function privacy.key_id() returns text
language sql stable
as $$ select left(privacy.keyed_hash('key', privacy.key_pad(54), privacy.key_pad(92)), 16) $$;
comment on function privacy.key_id() is 'Which key of pseudonyms the session has';

create function privacy.note_erased_phone(phone text, surrogate text) returns void
language sql volatile
as $$
    insert into ops.erased_phones as known (phone_hash, key_id, surrogate)
    values (
        privacy.keyed_hash($1, privacy.key_pad(54), privacy.key_pad(92)), privacy.key_id(), $2
    )
    on conflict (phone_hash) do update set surrogate = coalesce(excluded.surrogate, known.surrogate)
$$;
comment on function privacy.note_erased_phone(text, text) is 'Digits of a phone that no file brings back';

create function privacy.exchange_erased_phones(of_table name, of_batch bigint) returns bigint
language plpgsql volatile
as $$
declare
    changed bigint;
begin
    if not exists (select from ops.erased_phones) then
        return 0;
    end if;
    execute format(
        $query$
        with phones as materialized (
            select distinct ops.read_phone(customer_phone) as phone
            from raw.%1$I where _batch_id = $1 and customer_phone is not null
        ),
        known as materialized (
            select phones.phone, erased.surrogate
            from phones
            inner join ops.erased_phones as erased
                on erased.phone_hash = privacy.keyed_hash(phones.phone, $2, $3)
        )
        update raw.%1$I as rows set customer_phone = known.surrogate
        from known
        where rows._batch_id = $1 and ops.read_phone(rows.customer_phone) = known.phone
            -- A number that somebody else has by now is theirs.
            and not exists (
                select from raw.customer_details as others
                where ops.read_phone(others.customer_phone) = known.phone
            )
        $query$,
        of_table
    ) using of_batch, privacy.key_pad(54), privacy.key_pad(92);
    get diagnostics changed = row_count;
    return changed;
end
$$;
comment on function privacy.exchange_erased_phones(name, bigint) is
'Phones of erased customers in a batch that has just landed get their surrogate, or go; how many rows';
revoke all on function
privacy.key_id(), privacy.note_erased_phone(text, text),
privacy.exchange_erased_phones(name, bigint)
from public;
