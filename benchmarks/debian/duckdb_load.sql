-- The package graph as tables. Edges hold numbers instead of names, which is what a person would do for speed.
-- The Parquet files are what the other peer loads.
CREATE TABLE package (
  id BIGINT, name VARCHAR PRIMARY KEY, version VARCHAR, section VARCHAR, priority VARCHAR, installed_size BIGINT, size BIGINT,
  description VARCHAR, homepage VARCHAR
);
INSERT INTO package SELECT row_number() OVER (), * FROM read_json('{folder}/Package.json', columns = {
  name: 'VARCHAR', version: 'VARCHAR', section: 'VARCHAR', priority: 'VARCHAR', installed_size: 'BIGINT', size: 'BIGINT',
  description: 'VARCHAR', homepage: 'VARCHAR'
});
COPY (SELECT * EXCLUDE id FROM package) TO '{folder}/Package.parquet';

CREATE TABLE maintainer (id BIGINT, email VARCHAR PRIMARY KEY, name VARCHAR);
INSERT INTO maintainer SELECT row_number() OVER (), * FROM read_json('{folder}/Maintainer.json', columns = {email: 'VARCHAR', name: 'VARCHAR'});
COPY (SELECT * EXCLUDE id FROM maintainer) TO '{folder}/Maintainer.parquet';

CREATE MACRO related(file) AS TABLE SELECT * FROM read_json(file, columns = {
  "from": 'VARCHAR', "to": 'VARCHAR', alternative: 'INTEGER', "constraint": 'VARCHAR'
});
CREATE MACRO numbered(file) AS TABLE SELECT a.id AS source, b.id AS target, alternative, "constraint"
  FROM related(file) e JOIN package a ON a.name = e."from" JOIN package b ON b.name = e."to";
CREATE TABLE depends_on AS FROM numbered('{folder}/DependsOn.json') ORDER BY source, target;
CREATE TABLE recommends AS FROM numbered('{folder}/Recommends.json') ORDER BY source, target;
CREATE TABLE suggests AS FROM numbered('{folder}/Suggests.json') ORDER BY source, target;
CREATE TABLE maintains AS SELECT m.id AS source, p.id AS target FROM related('{folder}/Maintains.json') e
  JOIN maintainer m ON m.email = e."from" JOIN package p ON p.name = e."to" ORDER BY source, target;
COPY (FROM related('{folder}/DependsOn.json')) TO '{folder}/DependsOn.parquet';
COPY (FROM related('{folder}/Recommends.json')) TO '{folder}/Recommends.parquet';
COPY (FROM related('{folder}/Suggests.json')) TO '{folder}/Suggests.parquet';
COPY (SELECT "from", "to" FROM related('{folder}/Maintains.json')) TO '{folder}/Maintains.parquet';
CHECKPOINT;
