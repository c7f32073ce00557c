-- Second forms of tests: which test a paper takes questions from, and the pass line that follows from them.

-- The test whose paper shares questions with this one; null for a first form.
alter table test add column first_id bigint;
-- The blueprint as it was typed, so that a second form is chosen by the same.
alter table test add column blueprint text not null default '';
-- The pass line of this form, and that of the first which it stands for: of 100, times 10,000. Null where both have one line.
alter table test add column line bigint;
alter table test add column first_line bigint;
-- How the line came about, or why there is none, in words.
alter table test add column line_note text not null default '';
-- Standard error of a score, of 100, times 10,000; null where it cannot be told.
alter table test add column error bigint;
