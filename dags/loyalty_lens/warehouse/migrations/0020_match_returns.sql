-- Returns that name no sale (docs/points.md): what one can take back depends on what those before it
-- took, so the events of one owner and product are worked off in order, in one call.
create function ops.match_returns(quantities numeric [], sales integer [])
returns table (return_place integer, sale_place integer, quantity numeric)
language plpgsql immutable parallel safe rows 2 as $$
declare
    n constant integer := coalesce(cardinality(quantities), 0);
    remaining numeric [] := array_fill(0::numeric, array[n]);
    unreturned numeric := 0;
    stack integer [] := '{}';  -- sales with something left, the newest on top
    top integer := 0;
    need numeric;
begin
    for i in 1 .. n loop
        if quantities[i] > 0 then
            remaining[i] := quantities[i];
            unreturned := unreturned + quantities[i];
            top := top + 1;
            stack[top] := i;
            continue;
        end if;
        need := -quantities[i];
        continue when coalesce(need, 0) = 0;
        return_place := i;
        if sales[i] is not null then
            sale_place := sales[i];
            if sale_place > 0 and remaining[sale_place] >= need then
                remaining[sale_place] := remaining[sale_place] - need;
                unreturned := unreturned - need;
                quantity := need;
                return next;
            end if;
        elsif unreturned >= need then
            unreturned := unreturned - need;
            while need > 0 loop
                sale_place := stack[top];
                quantity := least(need, remaining[sale_place]);
                if quantity > 0 then
                    need := need - quantity;
                    remaining[sale_place] := remaining[sale_place] - quantity;
                    return next;
                end if;
                if remaining[sale_place] = 0 then
                    top := top - 1;
                end if;
            end loop;
        end if;
    end loop;
end
$$;
comment on function ops.match_returns is
'Sales (quantity above 0) and returns (below 0) of one product and owner, in order, to what each
return takes back of which sale: one row per return and sale, told by their places in the arrays.
A return takes all of its quantity or nothing. sales: of a return that names its sale the place of
that sale (0: there is none), of all others null: those take from the newest sales before them';
