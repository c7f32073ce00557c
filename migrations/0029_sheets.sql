-- Answer sheets of printed tests, typed into a table and sent. Instants are µs UTC.

-- A file of sheets: waits until who sent it confirms it; what came of it can be undone as a whole until the test is closed.
create table sheet_file (
    row_id {id},
    test_id bigint not null,
    account_id bigint not null,
    file text not null,
    -- Good sheets, and row, column and reason of what is wrong, as JSON; empty lists once it is confirmed.
    sheets text not null,
    refused text not null,
    -- Rows of persons without a sheet.
    blank bigint not null,
    made_at bigint not null,
    -- Attempts that came of it.
    taken bigint,
    confirmed_at bigint,
    confirmed_by text,
    undone_at bigint,
    undone_by text,
    reason text
);
create index sheet_file_test on sheet_file (test_id, row_id);
create index sheet_file_account on sheet_file (account_id);

-- An attempt on paper: the file that it came with, who entered it, and all its marks (times 10,000) where they were not typed
-- question by question.
alter table attempt add column sheet_file bigint;
alter table attempt add column sheet_total bigint;
alter table attempt add column entered_by text;
create index attempt_sheet on attempt (sheet_file) where sheet_file is not null;

-- All sheets of a printed test are in: it is closed like any other. Until then it waits for them.
create table test_sheets_in (
    test_id bigint not null,
    ended_at bigint not null,
    ended_by text not null
);
create unique index test_sheets_in_one on test_sheets_in (test_id);
