-- What a unit has said a column of its files is, so that it is asked once: by the head as it is compared.
create table import_answer (
    -- 0: the whole city.
    unit_id bigint not null,
    ledger text not null,
    head text not null,
    -- Name of a field, '#code', '#unit', '#section', or empty for a column that is left out.
    target text not null,
    answered_at bigint not null,
    answered_by text not null,
    primary key (unit_id, ledger, head)
);
-- Rows that a check would write, and rows with an error: for the list, which opens no report.
alter table import_batch add column written bigint not null default 0;
alter table import_batch add column bad bigint not null default 0;
