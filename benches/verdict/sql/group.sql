-- The verdicts by `group by`, one pass over each ledger's covering index at the finest grain that is asked for.
create temp table g as
select person, cast(substr(day, 6, 2) as integer) as month, count(*) as n
from l_guidance where voided_at is null group by 1, 2;
create unique index temp.g_key on g (person, month, n);

create temp table areas as
select person, count(distinct area) as n from l_guidance where voided_at is null group by person;
create unique index temp.areas_key on areas (person, n);

create temp table h as
select person, (cast(substr(day, 6, 2) as integer) + 5) / 6 as half, count(*) as n, sum(hours) as hours
from l_hours where voided_at is null group by 1, 2;
create unique index temp.h_key on h (person, half, n, hours);

create temp table a as
select person, (cast(substr(day, 6, 2) as integer) + 2) / 3 as quarter, count(*) as n, sum(passed) as passed
from l_attempt where voided_at is null group by 1, 2;
create unique index temp.a_key on a (person, quarter, n, passed);

-- A year's figures of each person.
create temp table y as
select p.record_id as person,
       (select coalesce(sum(n), 0) from g where g.person = p.record_id) as guided,
       (select coalesce(sum(n), 0) from areas where areas.person = p.record_id) as areas,
       (select coalesce(sum(n), 0) from h where h.person = p.record_id) as sessions,
       (select coalesce(sum(hours), 0) from h where h.person = p.record_id) as hours,
       (select coalesce(sum(n), 0) from a where a.person = p.record_id) as tries,
       (select coalesce(sum(passed), 0) from a where a.person = p.record_id) as passed
from l_person p where p.voided_at is null;

create temp table f as
select 1 as requirement, w.number as win, p.record_id as person, w.ends, coalesce(g.n, 0) as n, 2 as target
from w join l_person p on p.voided_at is null
left join g on g.person = p.record_id and g.month = w.number where w.grain = 'month'
union all
select 5, w.number, p.record_id, w.ends, coalesce(h.hours, 0), 42
from w join l_person p on p.voided_at is null
left join h on h.person = p.record_id and h.half = w.number where w.grain = 'half'
union all
select 9, w.number, p.record_id, w.ends, coalesce(a.passed, 0), 6
from w join l_person p on p.voided_at is null
left join a on a.person = p.record_id and a.quarter = w.number where w.grain = 'quarter';
