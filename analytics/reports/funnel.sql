-- How far sessions of people come: each step or a later one.
SELECT step, sum(sessions) AS sessions
FROM funnel
GROUP BY step_number, step
ORDER BY step_number
