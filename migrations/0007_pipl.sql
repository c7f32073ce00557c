-- What a person may ask about the own data, and what anybody may say about the program. Instants are µs UTC, days ISO
-- text.

-- 更正申请. Whether it is open, overdue, accepted or refused follows from the columns.
create table correction_request (
    row_id {id},
    account_id bigint not null,
    person_id bigint not null,
    -- The record that is said to be wrong, as the person saw it.
    ledger text not null,
    record_id bigint not null,
    revision bigint not null,
    -- Unit of the record, else of the person: who answers is found by it.
    unit_id bigint,
    wrong text not null,
    proposed text not null,
    asked_at bigint not null,
    due text not null,
    answered_at bigint,
    answered_by text,
    -- 1: the record was corrected; 0: refused, and answer says why.
    accepted bigint,
    answer text
);
create index correction_request_account on correction_request (account_id, asked_at);
create index correction_request_open on correction_request (answered_at, due);

-- 意见建议.
create table feedback (
    row_id {id},
    -- Null: given without a name; then receipt holds the hash of a code by which the answer can be read.
    account_id bigint,
    receipt text,
    -- The page that it is about.
    page text not null,
    text text not null,
    given_on text not null,
    answered_at bigint,
    answered_by text,
    answer text
);
create index feedback_account on feedback (account_id, row_id);
create index feedback_receipt on feedback (receipt);
