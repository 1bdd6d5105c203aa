-- The questions of debian.gq for DuckDB. `-- name:` begins a statement; parameters come from manifest.json.
-- Of several ways to ask the fastest that was found stands here.

-- name: look_up
SELECT version, section, priority, homepage FROM package WHERE name = $name;

-- name: one_hop
SELECT d.name FROM package p JOIN depends_on e ON e.source = p.id JOIN package d ON d.id = e.target WHERE p.name = $name ORDER BY d.name;

-- name: two_hops_all
SELECT count(*) FROM depends_on first JOIN depends_on second ON first.target = second.source;

-- name: three_hops_back
WITH start AS (SELECT id FROM package WHERE name = $name),
  one AS (SELECT DISTINCT source AS id FROM depends_on WHERE target IN (FROM start)),
  two AS (SELECT DISTINCT source AS id FROM depends_on WHERE target IN (FROM one)),
  three AS (SELECT DISTINCT source AS id FROM depends_on WHERE target IN (FROM two))
SELECT count(*) FROM (FROM one UNION FROM two UNION FROM three) WHERE id NOT IN (FROM start);

-- name: closure
WITH RECURSIVE reached(id) AS (
  SELECT id FROM package WHERE name = $name
  UNION
  SELECT e.target FROM reached r JOIN depends_on e ON e.source = r.id
)
SELECT count(*) - 1 FROM reached;

-- name: grouped_degree
SELECT p.name, n FROM (SELECT target, count(*) AS n FROM depends_on GROUP BY target) JOIN package p ON p.id = target
ORDER BY n DESC, p.name LIMIT 10;

-- name: top_degree
SELECT p.name, n FROM (SELECT source, count(*) AS n FROM depends_on GROUP BY source) JOIN package p ON p.id = source
ORDER BY n DESC, p.name LIMIT 10;

-- name: filter_sort
SELECT name, installed_size FROM package WHERE section = $section AND installed_size >= $least ORDER BY installed_size DESC, name LIMIT 10;

-- name: by_section
SELECT section, count(*), sum(installed_size), avg(size), max(size) FROM package GROUP BY section ORDER BY section;

-- name: shortest_path
WITH RECURSIVE reached(id, steps) USING KEY (id) AS (
  SELECT id, 0 FROM package WHERE name = $from
  UNION
  SELECT e.target, min(r.steps) + 1 FROM reached r JOIN depends_on e ON e.source = r.id
  WHERE NOT EXISTS (FROM recurring.reached known WHERE known.id = e.target) GROUP BY e.target
)
SELECT steps FROM reached JOIN package USING (id) WHERE name = $to AND steps BETWEEN 1 AND 30;

-- name: leaves
SELECT count(*) FROM package p WHERE NOT EXISTS (FROM depends_on e WHERE e.source = p.id);

-- name: text_match
SELECT name FROM package WHERE contains(lower(description), $word) ORDER BY name LIMIT 10;

-- name: insert_one
INSERT INTO package VALUES (-1, $name, '1', 'bench', 'optional', 1, 1, 'one row', NULL);
