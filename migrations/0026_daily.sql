-- 每日一题、每周一课、每月一考: what is planned for which day, and what was published. Days are ISO, instants µs UTC.

create table release_plan (
    row_id {id},
    -- 每日一题, 每周一课 or 每月一考.
    kind text not null,
    day text not null,
    title text not null,
    -- The question of the day and, once published, its version.
    question bigint,
    version bigint,
    -- What a lesson says.
    body text,
    -- Numbers of the questions by which who has read a lesson may try himself, as JSON.
    checks text not null,
    -- The test of the month.
    test_id bigint,
    planned_at bigint not null,
    planned_by text not null,
    released_at bigint,
    -- Record id in 题、课、考的发布, by which R-03 is judged.
    record_id bigint
);
create unique index release_day on release_plan (kind, day);
create index release_waiting on release_plan (day) where released_at is null;
create index release_question on release_plan (question);

-- What is left of a question in a person's memory; only the last answer is kept.
create table recall (
    person_id bigint not null,
    question bigint not null,
    version bigint not null,
    -- Places of the chosen options, or what was typed.
    answer text not null,
    is_right bigint not null,
    -- Day of the last answer.
    day text not null,
    -- How often it was answered.
    answers bigint not null,
    -- Days and degree, each times 1,000,000.
    stability bigint not null,
    difficulty bigint not null
);
create unique index recall_one on recall (person_id, question);

-- Its answers have come into memory, since its mistakes may be seen.
alter table attempt add column remembered bigint;
create index attempt_remember on attempt (test_id) where remembered is null;

-- Files of questions that wait to be taken in.
create table question_file (
    row_id {id},
    account_id bigint not null,
    file text not null,
    encoding text,
    -- Line and question, and line and reason, as JSON.
    questions text not null,
    refused text not null,
    made_at bigint not null
);
create index question_file_of on question_file (account_id);
