-- The two folds of the points engine (docs/points.md). What a day does to a customer depends on the
-- state that the days before left: one customer's history is worked off in order, in one call.

create function ops.fold_points(
    steps smallint [],
    days date [],
    amounts bigint [],
    links integer [],
    valid_throughs date [],
    released_days date [],
    as_of date
)
returns table (posting integer, lot integer, points bigint, repaid bigint, day date, is_expiry boolean)
language plpgsql immutable parallel safe rows 40 as $$
declare
    n constant integer := coalesce(cardinality(steps), 0);
    debt bigint := 0;
    remaining bigint [] := array_fill(0::bigint, array[n]);
    paid bigint [] := array_fill(0::bigint, array[n]);
    lots integer [] := '{}';     -- in the order in which they are drawn and expire
    live integer := 1;           -- place among the lots of the first that is not yet over
    waiting integer [] := '{}';  -- lots still to be released, as opened
    waited integer := 1;
    drawn_link integer [] := '{}';  -- what redemptions drew, for refunds to undo
    drawn_lot integer [] := '{}';
    drawn bigint [] := '{}';
    latest date := '-infinity';
    in_order boolean := true;
    today date;
    need bigint;
    part bigint;
    at integer;
    place integer;
begin
    for i in 1 .. n loop
        if amounts[i] > 0 and (steps[i] = 6 or steps[i] = 3 and links[i] = i) then
            lots := lots || i;
            in_order := in_order and valid_throughs[i] >= latest;
            latest := valid_throughs[i];
        end if;
    end loop;
    if not in_order then
        select array_agg(opened order by valid_throughs[opened], opened) into lots
        from unnest(lots) as opened;
    end if;

    for i in 1 .. n + 1 loop
        -- After the last posting come the days up to the as-of date.
        today := case when i > n then as_of else days[i] end;

        while waited <= cardinality(waiting) loop
            at := waiting[waited];
            exit when released_days[at] > today;
            waited := waited + 1;
            part := least(debt, remaining[at]);
            if part > 0 and released_days[at] <= valid_throughs[at] then
                debt := debt - part;
                remaining[at] := remaining[at] - part;
                paid[at] := least(part, amounts[at]);
                if part > paid[at] then
                    paid[at + 1] := part - paid[at];
                end if;
            end if;
        end loop;

        while live <= cardinality(lots) loop
            at := lots[live];
            exit when valid_throughs[at] >= today;
            if remaining[at] > 0 then
                posting := at; lot := at; points := -remaining[at]; repaid := 0;
                day := valid_throughs[at] + 1; is_expiry := true;
                return next;
                remaining[at] := 0;
            end if;
            live := live + 1;
        end loop;
        exit when i > n;

        posting := i; repaid := 0; day := today; is_expiry := false;
        if steps[i] = 3 and amounts[i] > 0 then
            -- A credit: told at the end, when it is known how much of it repaid debt.
            at := links[i];
            if released_days[at] > today then
                if at = i then
                    waiting := waiting || at;
                end if;
            else
                paid[i] := least(debt, amounts[i]);
                debt := debt - paid[i];
            end if;
            remaining[at] := remaining[at] + amounts[i] - paid[i];

        elsif steps[i] = 6 then
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
                        if repaid > 0 then
                            lot := 0; points := repaid; part := part - repaid; repaid := 0;
                            return next;
                        end if;
                        at := i;
                    end if;
                    if part > 0 then
                        lot := at; points := part;
                        return next;
                        part := part - repaid;
                        if valid_throughs[at] >= today then
                            remaining[at] := remaining[at] + part;
                        elsif part > 0 then
                            posting := at; points := -part; repaid := 0; is_expiry := true;
                            return next;
                            posting := i; is_expiry := false;
                        end if;
                    end if;
                end if;
                place := place - 1;
            end loop;

        else
            -- A debit: a reversal draws from its own lot first, then all from the released lots.
            need := -amounts[i];
            place := case when steps[i] = 4 then 0 else live end;
            while need > 0 and place <= cardinality(lots) loop
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

    is_expiry := false;
    for i in 1 .. n loop
        if steps[i] = 3 and amounts[i] > 0 then
            posting := i; lot := links[i]; points := amounts[i]; repaid := paid[i]; day := days[i];
            return next;
        end if;
    end loop;
end
$$;
comment on function ops.fold_points is
'Postings of one customer, in their order, to movements of lots: one row per posting and lot that it
moved (lot 0: debt), and one per expiry. Postings and lots are told by their place in the arrays; a
lot by that of the credit that opened it. steps: 3 credit (negative: a debit), 4 reversal, 5 debit,
6 refund. links: of a credit its lot, of a reversal the lot that it takes back, of redemption and
refund of one sale the same number above 0. repaid: the part of a credit that paid debt';

create function ops.fold_tiers(
    days date [],
    reached integer [],
    opening_day date,
    opening_rank integer,
    floor_days integer,
    grace_days integer,
    as_of date
)
returns table (rank integer, valid_from date, valid_to date)
language plpgsql immutable parallel safe rows 2 as $$
declare
    n constant integer := cardinality(days);
    held integer := reached[1];
    floor_rank integer := 0;
    floor_end date := '-infinity';
    below_since date;
    until date;
    review date;
    next_rank integer;
    back integer;
begin
    valid_from := days[1];
    for i in 1 .. n loop
        until := case when i < n then days[i + 1] - 1 else as_of end;
        next_rank := greatest(held, reached[i]);
        if days[i] = opening_day then
            floor_rank := coalesce(opening_rank, 0);
            floor_end := opening_day + floor_days - 1;
            next_rank := greatest(next_rank, floor_rank);
        end if;
        if next_rank <> held then
            if days[i] > valid_from then
                rank := held; valid_to := days[i];
                return next;
                valid_from := days[i];
            end if;
            held := next_rank;
        end if;
        -- Month ends up to the next change on which the tier held is not deserved any more.
        while held > reached[i] loop
            back := i;
            while back > 1 and reached[back - 1] < held loop
                back := back - 1;
            end loop;
            below_since := days[back];
            review := greatest(below_since + grace_days - 1, days[i]);
            if floor_rank >= held then
                review := greatest(review, floor_end + 1);
            end if;
            review := (date_trunc('month', review) + interval '1 month')::date - 1;
            exit when review > until;
            next_rank := greatest(reached[i], case when review <= floor_end then floor_rank else 0 end);
            if review > valid_from then
                rank := held; valid_to := review;
                return next;
                valid_from := review;
            end if;
            held := next_rank;
        end loop;
    end loop;
    rank := held; valid_to := null;
    return next;
end
$$;
comment on function ops.fold_tiers is
'Ranks of the tiers that one customer held, as half-open intervals without gaps. days: on which the
rank that the metric reaches changes, the opening day and the first day among them, ascending;
reached: that rank from that day on. A lower rank holds from the first month end on which the rank
held was out of reach for grace_days and no floor (floor_days from the opening day) stands';
