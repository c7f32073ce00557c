-- Until when a test is sat at the latest: with the most minutes that anybody on its list has besides.
create index test_roll_extra on test_roll (test_id, extra);
