-- The same verdicts in DuckDB's own words; the facts lie in its tables, loaded beforehand.
create temp table g as select person, month(day) as month, count(*) as n from guidance group by 1, 2;
create temp table areas as select person, count(distinct area) as n from guidance group by 1;
create temp table h as
select person, (month(day) + 5) // 6 as half, count(*) as n, sum(hours) as hours from hours group by 1, 2;
create temp table a as
select person, (month(day) + 2) // 3 as quarter, count(*) as n, sum(passed) as passed from attempt group by 1, 2;

create temp table y as
select p.person, coalesce(gy.n, 0) as guided, coalesce(areas.n, 0) as areas, coalesce(hy.n, 0) as sessions,
       coalesce(hy.hours, 0) as hours, coalesce(ay.n, 0) as tries, coalesce(ay.passed, 0) as passed
from person p
left join (select person, sum(n) as n from g group by 1) gy using (person)
left join areas using (person)
left join (select person, sum(n) as n, sum(hours) as hours from h group by 1) hy using (person)
left join (select person, sum(n) as n, sum(passed) as passed from a group by 1) ay using (person);

create temp table f as
select 1 as requirement, w.number as win, p.person, w.ends, coalesce(g.n, 0) as n, 2 as target
from w cross join person p left join g on g.person = p.person and g.month = w.number where w.grain = 'month'
union all
select 5, w.number, p.person, w.ends, coalesce(h.hours, 0), 42
from w cross join person p left join h on h.person = p.person and h.half = w.number where w.grain = 'half'
union all
select 9, w.number, p.person, w.ends, coalesce(a.passed, 0), 6
from w cross join person p left join a on a.person = p.person and a.quarter = w.number where w.grain = 'quarter';

create temp table o as
select t.person, w.ends, t.unit
from (select distinct ends from w) w
join post t on t.begins <= w.ends and (t.finishes is null or t.finishes >= w.ends);

create temp table v as
select f.requirement, f.win, f.person, o.unit, f.n as num, 1 as den, cast(f.n >= f.target as integer) as state
from f join o on o.person = f.person and o.ends = f.ends
union all
select c.requirement, 1, y.person, o.unit,
       case c.requirement when 2 then guided when 3 then areas when 4 then hours when 6 then sessions when 7 then tries
       else passed end,
       case c.requirement when 10 then tries else 1 end,
       case c.requirement when 2 then cast(guided >= 30 as integer) when 3 then cast(areas >= 8 as integer)
       when 4 then cast(hours >= 90 as integer) when 6 then cast(sessions >= 28 as integer)
       when 7 then cast(tries >= 38 as integer) when 8 then cast(passed >= 26 as integer)
       else case when tries = 0 then 2 else cast(100 * passed >= 70 * tries as integer) end end
from y cross join c join o on o.person = y.person and o.ends = date '2025-12-31';

create temp table u as
select requirement, win, unit,
       cast(case requirement when 10 then sum(num) else count(*) filter (where state = 1) end as bigint) as num,
       cast(case requirement when 10 then sum(den) else count(*) end as bigint) as den
from v group by 1, 2, 3;

create temp table s as
select unit, cast(sum(points) as bigint) as score
from (select unit, requirement, 100000 * sum(num) // sum(den) as points from u group by 1, 2) group by 1;
