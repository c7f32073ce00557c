-- Keys of questions that were corrected, and scores that changed after they were known. Instants are µs UTC.

-- A version of a question that was asked with a wrong key. It stays as it was asked; its answers are scored by a later
-- version, which says the same but for the key.
create table question_key (
    -- Row of the version with the wrong key.
    question_id bigint not null,
    number bigint not null,
    version bigint not null,
    -- The version by which it is scored.
    corrected bigint not null,
    reason text not null,
    corrected_at bigint not null,
    corrected_by text not null
);
create unique index question_key_one on question_key (number, version);
create index question_key_of on question_key (question_id);

-- A score of an attempt that was another one before: both are kept, with who, when and why.
create table attempt_rescored (
    row_id {id},
    attempt_id bigint not null,
    -- Place of the question in the paper.
    question bigint not null,
    -- out: the question was taken out; key: its key was corrected; mark: a person marked it otherwise.
    cause text not null,
    -- Of 100, times 10,000; null while something was or is to be marked.
    score_before bigint,
    score_after bigint,
    reason text not null,
    rescored_at bigint not null,
    rescored_by text not null
);
create index attempt_rescored_attempt on attempt_rescored (attempt_id, row_id);

-- When an answer was marked by a person.
alter table attempt_answer add column marked_at bigint;

-- In which tests a question is asked: the papers of those that are published, by question.
create table test_item (
    test_id bigint not null,
    -- Its place in the paper.
    question bigint not null,
    number bigint not null,
    version bigint not null
);
create unique index test_item_one on test_item (test_id, question);
create index test_item_number on test_item (number, test_id);
insert into test_item (test_id, question, number, version)
    select t.row_id, cast(e.key as bigint), cast(e.value->>'number' as bigint), cast(e.value->>'version' as bigint)
    from test t, {papers} where t.state <> 'draft';
