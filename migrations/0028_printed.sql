-- Papers for a room without computers: the forms of a test that were printed. The order of questions and options of each is
-- kept, so that what is written on an answer sheet can be put to the right question.
create table test_form (
    test_id bigint not null,
    -- A, B, …
    letter text not null,
    -- The questions in the order of this form, each with the order of its options.
    asked text not null,
    made_at bigint not null,
    made_by text not null
);
create unique index test_form_one on test_form (test_id, letter);
