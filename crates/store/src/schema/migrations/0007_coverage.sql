-- How much of the code tests run, as JSON; absent where it was not measured.

ALTER TABLE test_results ADD COLUMN coverage {text};
