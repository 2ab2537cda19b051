-- Working postings off (0017) in a third of the time: of a credit only what it repays is told, lots come
-- into their order as they open, and no movement is told in two parts.

create or replace function ops.fold_points(
    steps smallint [],
    days date [],
    amounts bigint [],
    links integer [],
    valid_throughs date [],
    released_days date [],
    as_of date
)
returns table (posting integer, lot integer, points bigint, repaid bigint, day date, is_expiry boolean)
language plpgsql immutable parallel safe rows 4 as $$
declare
    n constant integer := coalesce(cardinality(steps), 0);
    has_refunds constant boolean := coalesce(6 = any(steps), false);
    debt bigint := 0;
    remaining bigint [] := array_fill(0::bigint, array[n]);
    lots integer [] := '{}';     -- in the order in which they are drawn and expire
    opened integer := 0;         -- how many these are
    live integer := 1;           -- place among the lots of the first that is not yet over
    latest date := '-infinity';  -- end of the last of the lots
    waiting integer [] := '{}';  -- credits still to be released, as opened
    waited integer := 1;
    drawn_link integer [] := '{}';  -- what redemptions drew, for refunds to undo
    drawn_lot integer [] := '{}';
    drawn bigint [] := '{}';
    expired_lot integer [] := '{}';  -- expiries that a refund may still add to
    expired_day date [] := '{}';
    expired bigint [] := '{}';
    back_lot integer [];  -- what one refund brings back, by lot
    back bigint [];
    back_repaid bigint [];
    today date;
    need bigint;
    part bigint;
    at integer;
    place integer;
    found integer;
begin
    for i in 1 .. n + 1 loop
        -- After the last posting come the days up to the as-of date.
        today := case when i > n then as_of else days[i] end;
        is_expiry := false;

        while waited <= cardinality(waiting) loop
            posting := waiting[waited];
            exit when released_days[posting] > today;
            waited := waited + 1;
            lot := links[posting];
            if debt > 0 and remaining[lot] > 0 and released_days[posting] <= valid_throughs[lot] then
                points := amounts[posting];
                repaid := least(debt, remaining[lot], points);
                debt := debt - repaid;
                remaining[lot] := remaining[lot] - repaid;
                day := days[posting];
                return next;
            end if;
        end loop;

        while live <= opened loop
            at := lots[live];
            exit when valid_throughs[at] >= today;
            live := live + 1;
            part := remaining[at];
            continue when part = 0;
            remaining[at] := 0;
            day := valid_throughs[at] + 1;
            if has_refunds then
                expired_lot := expired_lot || at;
                expired_day := expired_day || day;
                expired := expired || part;
            else
                posting := at; lot := at; points := -part; repaid := 0; is_expiry := true;
                return next;
                is_expiry := false;
            end if;
        end loop;
        exit when i > n;

        posting := i;
        day := today;
        if amounts[i] > 0 and (steps[i] = 3 and links[i] = i or steps[i] = 6) then
            opened := opened + 1;
            if valid_throughs[i] >= latest then
                lots := lots || i;
                latest := valid_throughs[i];
            else
                place := opened;
                while place > live and valid_throughs[lots[place - 1]] > valid_throughs[i] loop
                    place := place - 1;
                end loop;
                lots := lots[:place - 1] || i || lots[place:];
            end if;
        end if;

        if steps[i] = 3 and amounts[i] > 0 then
            at := links[i];
            if released_days[at] > today then
                waiting := waiting || i;
                remaining[at] := remaining[at] + amounts[i];
            elsif debt > 0 then
                lot := at; points := amounts[i];
                repaid := least(debt, points);
                debt := debt - repaid;
                remaining[at] := remaining[at] + points - repaid;
                return next;
            else
                remaining[at] := remaining[at] + amounts[i];
            end if;

        elsif steps[i] = 6 then
            back_lot := '{}'; back := '{}'; back_repaid := '{}';
            need := amounts[i];
            place := cardinality(drawn);
            while need > 0 and place > 0 loop
                if drawn_link[place] = links[i] and drawn[place] > 0 then
                    part := least(need, drawn[place]);
                    need := need - part;
                    drawn[place] := drawn[place] - part;
                    at := drawn_lot[place];
                    repaid := least(debt, part);
                    debt := debt - repaid;
                    if at = 0 then
                        -- Drawn as debt. Where that is repaid since, the rest is a lot of its own.
                        back_lot := back_lot || array[0, i];
                        back := back || array[repaid, part - repaid];
                        back_repaid := back_repaid || array[0, 0]::bigint [];
                        at := i;
                        part := part - repaid;
                    else
                        back_lot := back_lot || at;
                        back := back || part;
                        back_repaid := back_repaid || repaid;
                        part := part - repaid;
                    end if;
                    if valid_throughs[at] >= today then
                        remaining[at] := remaining[at] + part;
                    elsif part > 0 then
                        found := null;
                        for k in 1 .. cardinality(expired) loop
                            if expired_lot[k] = at and expired_day[k] = today then
                                found := k;
                            end if;
                        end loop;
                        if found is null then
                            expired_lot := expired_lot || at;
                            expired_day := expired_day || today;
                            expired := expired || part;
                        else
                            expired[found] := expired[found] + part;
                        end if;
                    end if;
                end if;
                place := place - 1;
            end loop;
            for lot, points, repaid in
                select moved.lot, sum(moved.points), sum(moved.repaid)
                from unnest(back_lot, back, back_repaid) as moved (lot, points, repaid)
                where moved.points > 0
                group by moved.lot
            loop
                return next;
            end loop;

        else
            -- A debit: a reversal draws from its own lot first, then all from the released lots.
            repaid := 0;
            need := -amounts[i];
            place := case when steps[i] = 4 then 0 else live end;
            while need > 0 and place <= opened loop
                at := case when place = 0 then links[i] else lots[place] end;
                part := least(need, remaining[at]);
                if part > 0 and (place = 0 or released_days[at] <= today) then
                    remaining[at] := remaining[at] - part;
                    need := need - part;
                    lot := at; points := -part;
                    return next;
                    if links[i] > 0 and steps[i] = 5 then
                        drawn_link := drawn_link || links[i];
                        drawn_lot := drawn_lot || at;
                        drawn := drawn || part;
                    end if;
                end if;
                place := case when place = 0 then live else place + 1 end;
            end loop;
            if need > 0 then
                debt := debt + need;
                lot := 0; points := -need;
                return next;
                if links[i] > 0 and steps[i] = 5 then
                    drawn_link := drawn_link || links[i];
                    drawn_lot := drawn_lot || 0;
                    drawn := drawn || need;
                end if;
            end if;
        end if;
    end loop;

    -- Expiries that a refund could have added to.
    repaid := 0;
    is_expiry := true;
    for k in 1 .. cardinality(expired) loop
        posting := expired_lot[k]; lot := posting; points := -expired[k]; day := expired_day[k];
        return next;
    end loop;
end
$$;
comment on function ops.fold_points is
'Postings of one customer, in their order, to movements of lots: one row per debit, reversal or refund
and lot that it moved (lot 0: debt), one per credit that repaid debt (its whole points, and how many
of them), and one per lot and day of an expiry. A credit that repaid nothing is not told. Postings and lots are told by their place in the arrays; a
lot by that of the credit that opened it. steps: 3 credit (negative: a debit), 4 reversal, 5 debit,
6 refund. links: of a credit its lot, of a reversal the lot that it takes back, of redemption and
refund of one sale the same number above 0. repaid: the part of a credit that paid debt';
