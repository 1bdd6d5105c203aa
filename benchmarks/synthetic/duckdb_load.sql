-- The synthetic graph as tables, edges with numbers instead of names. The Parquet files are what the others load.
CREATE TABLE point (id BIGINT, name VARCHAR PRIMARY KEY, cohort BIGINT);
INSERT INTO point SELECT number, 'p' || number, cohort FROM read_csv('{folder}/point.csv', columns = {number: 'BIGINT', cohort: 'BIGINT'});
CREATE TABLE link AS FROM read_csv('{folder}/link.csv', columns = {source: 'BIGINT', target: 'BIGINT', weight: 'BIGINT'}) ORDER BY source, target;
COPY (SELECT name, cohort FROM point) TO '{folder}/Point.parquet';
COPY (SELECT 'p' || source AS "from", 'p' || target AS "to", weight FROM link) TO '{folder}/Link.parquet';
CHECKPOINT;
