-- The same by one probe of the covering index for each person and window: what somebody writes who knows how SQLite works.
create temp table y as
select p.record_id as person,
       (select count(*) from l_guidance x where x.person = p.record_id and x.voided_at is null) as guided,
       (select count(distinct area) from l_guidance x where x.person = p.record_id and x.voided_at is null) as areas,
       (select count(*) from l_hours x where x.person = p.record_id and x.voided_at is null) as sessions,
       (select coalesce(sum(hours), 0) from l_hours x where x.person = p.record_id and x.voided_at is null) as hours,
       (select count(*) from l_attempt x where x.person = p.record_id and x.voided_at is null) as tries,
       (select coalesce(sum(passed), 0) from l_attempt x where x.person = p.record_id and x.voided_at is null) as passed
from l_person p where p.voided_at is null;

create temp table f as
select 1 as requirement, w.number as win, p.record_id as person, w.ends,
       (select count(*) from l_guidance x where x.person = p.record_id and x.voided_at is null
        and x.day between w.begins and w.ends) as n, 2 as target
from l_person p cross join w where p.voided_at is null and w.grain = 'month'
union all
select 5, w.number, p.record_id, w.ends,
       (select coalesce(sum(hours), 0) from l_hours x where x.person = p.record_id and x.voided_at is null
        and x.day between w.begins and w.ends), 42
from l_person p cross join w where p.voided_at is null and w.grain = 'half'
union all
select 9, w.number, p.record_id, w.ends,
       (select coalesce(sum(passed), 0) from l_attempt x where x.person = p.record_id and x.voided_at is null
        and x.day between w.begins and w.ends), 6
from l_person p cross join w where p.voided_at is null and w.grain = 'quarter';
