-- What a form said when it was recorded: a keyed digest, so that the same form with something else in it is refused.
alter table once add column digest text not null default '';
-- Nobody waits for two answers about one record. Of doubts that came twice in one moment the first stays open.
update doubt set answered_at = asked_at, answered_by = asked_by, answer = '重复提交，以前一件为准'
    where answered_at is null and exists (select 1 from doubt d where d.ledger = doubt.ledger and d.record_id = doubt.record_id
    and d.account = doubt.account and d.answered_at is null and d.row_id < doubt.row_id);
create unique index doubt_of on doubt (ledger, record_id, account) where answered_at is null;

-- 督办字号: counted in the year of issue, without gaps. What stands was issued in 2025 or 2026 (Beijing time).
alter table supervision add column year bigint not null default 0;
alter table supervision add column sequence bigint not null default 0;
update supervision set year = case when issued_at < 1767196800000000 then 2025 else 2026 end;
update supervision set sequence =
    (select count(*) from supervision s where s.year = supervision.year and s.row_id <= supervision.row_id);
create unique index supervision_number on supervision (year, sequence);
