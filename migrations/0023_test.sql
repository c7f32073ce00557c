-- Tests: what is asked, when, and of whom; and how they answered. Instants are µs UTC by the server's clock.

create table test (
    row_id {id},
    title text not null,
    -- Record id of the class that it closes; null where it stands alone.
    activity_id bigint,
    -- Record id of the unit that arranged it.
    unit_id bigint not null,
    -- It may be begun from then on, and nobody answers after its end but in minutes of the own.
    opens_at bigint not null,
    closes_at bigint not null,
    minutes bigint not null,
    attempts bigint not null,
    -- From then on each sees the own mistakes.
    review_at bigint not null,
    -- draft: may be changed; open: paper and list are frozen; closed: marked and told.
    state text not null,
    -- What is asked: number, version and marks of each question, as JSON.
    paper text not null,
    made_at bigint not null,
    made_by text not null,
    published_at bigint,
    published_by text,
    closed_at bigint
);
create index test_state on test (state, closes_at);
create index test_activity on test (activity_id);

-- 应考: who is to sit, frozen when the test is published.
create table test_roll (
    test_id bigint not null,
    person_id bigint not null,
    -- Record id of the organ that the person counts for, as of the day of the list.
    organ_id bigint,
    -- Minutes besides, for this person.
    extra bigint not null,
    -- Why the person need not sit.
    excused text
);
create unique index test_roll_one on test_roll (test_id, person_id);
create index test_roll_person on test_roll (person_id);

-- A question that counts for nobody any more: everybody has its marks.
create table test_withdrawn (
    test_id bigint not null,
    -- Its place in the paper.
    question bigint not null,
    reason text not null,
    withdrawn_at bigint not null,
    withdrawn_by text not null
);
create unique index test_withdrawn_one on test_withdrawn (test_id, question);

-- A person's attempt at a test.
create table attempt (
    row_id {id},
    test_id bigint not null,
    person_id bigint not null,
    number bigint not null,
    -- The questions in the order of this attempt, each with the order of its options.
    asked text not null,
    begun_at bigint not null,
    due_at bigint not null,
    -- The session that answers.
    seat bigint not null,
    ended_at bigint,
    -- Handed in by the person, or by the clock.
    by_clock bigint,
    -- Of 100, times 10,000; null until all of it is marked.
    score bigint,
    -- The score before a question was withdrawn or marked otherwise.
    earlier_score bigint
);
create unique index attempt_number on attempt (test_id, person_id, number);
create index attempt_running on attempt (due_at) where ended_at is null;

-- What was answered last to a question of an attempt.
create table attempt_answer (
    attempt_id bigint not null,
    -- Its place in the paper.
    question bigint not null,
    -- Counts the answers to it, so that one that comes twice or late changes nothing.
    sequence bigint not null,
    -- Places of the chosen options, or what was typed.
    answer text not null,
    flagged bigint not null,
    saved_at bigint not null,
    -- Marks by hand, times 10,000.
    marks bigint,
    marked_by text
);
create unique index attempt_answer_one on attempt_answer (attempt_id, question);
