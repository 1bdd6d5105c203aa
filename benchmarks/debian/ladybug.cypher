// The questions of debian.gq for Ladybug. `// name:` begins a statement; parameters come from manifest.json.
// Of several ways to ask the fastest that was found stands here.

// name: look_up
MATCH (p:Package {name: $name}) RETURN p.version, p.section, p.priority, p.homepage;

// name: one_hop
MATCH (p:Package {name: $name})-[:DependsOn]->(d:Package) RETURN d.name ORDER BY d.name;

// name: two_hops_all
MATCH (:Package)-[:DependsOn]->(:Package)-[:DependsOn]->(:Package) RETURN count(*);

// name: three_hops_back
MATCH (p:Package {name: $name})<-[:DependsOn* SHORTEST 1..3]-(d:Package) WHERE id(d) <> id(p) RETURN count(*);

// name: closure
MATCH (p:Package {name: $name})-[:DependsOn* SHORTEST 1..30]->(d:Package) WHERE id(d) <> id(p) RETURN count(*);

// name: grouped_degree
MATCH (b:Package)<-[:DependsOn]-(:Package) RETURN b.name, count(*) AS n ORDER BY n DESC, b.name LIMIT 10;

// name: top_degree
MATCH (p:Package)-[e:DependsOn]->(:Package) RETURN p.name, count(e) AS needs ORDER BY needs DESC, p.name LIMIT 10;

// name: filter_sort
MATCH (p:Package) WHERE p.section = $section AND p.installed_size >= $least
RETURN p.name, p.installed_size ORDER BY p.installed_size DESC, p.name LIMIT 10;

// name: by_section
MATCH (p:Package) RETURN p.section AS section, count(*), sum(p.installed_size), avg(p.size), max(p.size) ORDER BY section;

// name: shortest_path
MATCH (a:Package {name: $from})-[e:DependsOn* SHORTEST 1..30]->(b:Package {name: $to}) RETURN length(e);

// name: leaves
MATCH (p:Package) WHERE NOT EXISTS { MATCH (p)-[:DependsOn]->(:Package) } RETURN count(*);

// name: text_match
MATCH (p:Package) WHERE lower(p.description) CONTAINS $word RETURN p.name ORDER BY p.name LIMIT 10;

// name: insert_one
CREATE (:Package {name: $name, version: '1', section: 'bench', priority: 'optional', installed_size: 1, size: 1, description: 'one row'});
