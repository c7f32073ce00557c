-- From figures to verdicts, roll-ups and scores: alike for both ways of counting.
create temp table t as select person, unit_id, "from", "to" from l_post where voided_at is null;
create index temp.t_key on t (person, "from", "to", unit_id);

create temp table o as
select p.record_id as person, w.ends,
       (select t.unit_id from t where t.person = p.record_id
        and t."from" <= w.ends and (t."to" is null or t."to" >= w.ends)) as unit
from l_person p cross join (select distinct ends from w) w where p.voided_at is null;
create unique index temp.o_key on o (person, ends, unit);

create temp table v as
select f.requirement, f.win, f.person, o.unit, f.n as num, 1 as den, f.n >= f.target as state
from f join o on o.person = f.person and o.ends = f.ends
union all
select c.requirement, 1, y.person, o.unit,
       case c.requirement when 2 then guided when 3 then areas when 4 then hours when 6 then sessions when 7 then tries
       when 8 then passed else passed end,
       case c.requirement when 10 then tries else 1 end,
       case c.requirement when 2 then guided >= 30 when 3 then areas >= 8 when 4 then hours >= 90
       when 6 then sessions >= 28 when 7 then tries >= 38 when 8 then passed >= 26
       else case when tries = 0 then 2 else 100 * passed >= 70 * tries end end
from y join c join o on o.person = y.person and o.ends = '2025-12-31';

create temp table u as
select requirement, win, unit,
       case requirement when 10 then sum(num) else sum(state = 1) end as num,
       case requirement when 10 then sum(den) else count(*) end as den
from v group by 1, 2, 3;

create temp table s as
select unit, sum(points) as score
from (select unit, requirement, 100000 * sum(num) / sum(den) as points from u group by 1, 2) group by 1;
