-- The questions of synthetic.gq for DuckDB.

-- name: grouped_degree
SELECT p.name, n FROM (SELECT target, count(*) AS n FROM link GROUP BY target) JOIN point p ON p.id = target
ORDER BY n DESC, p.name LIMIT 10;

-- name: two_hops_walks
SELECT count(*) FROM point p JOIN link first ON first.source = p.id JOIN link second ON second.source = first.target WHERE p.cohort = $cohort;

-- name: two_hops_points
SELECT count(DISTINCT second.target)
FROM point p JOIN link first ON first.source = p.id JOIN link second ON second.source = first.target WHERE p.cohort = $cohort;
