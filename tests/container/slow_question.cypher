// check: an answer that takes longer than any test waits
// expect: count = 0
// seconds: 3600
UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b
WITH a, b WHERE a + b < 0
RETURN count(*) AS count;
