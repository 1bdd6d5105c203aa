// The questions of synthetic.gq for Ladybug.

// name: grouped_degree
MATCH (b:Point)<-[:Link]-(:Point) RETURN b.name, count(*) AS n ORDER BY n DESC, b.name LIMIT 10;

// name: two_hops_walks
MATCH (a:Point {cohort: $cohort})-[:Link]->(:Point)-[:Link]->(:Point) RETURN count(*);

// name: two_hops_points
MATCH (a:Point {cohort: $cohort})-[:Link]->(:Point)-[:Link]->(c:Point) RETURN count(DISTINCT id(c));
