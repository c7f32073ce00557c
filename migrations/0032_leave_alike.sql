-- Rows that seem to stand already (疑似重复) are left out, as who confirmed the batch has chosen.
alter table import_batch add column leave_alike bigint not null default 0;
