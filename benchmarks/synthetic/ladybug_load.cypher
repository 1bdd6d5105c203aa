// The synthetic graph, from the Parquet files that duckdb_load.sql leaves.
CREATE NODE TABLE Point (name STRING PRIMARY KEY, cohort INT64);
CREATE REL TABLE Link (FROM Point TO Point, weight INT64);
COPY Point FROM '{folder}/Point.parquet';
COPY Link FROM '{folder}/Link.parquet';
CHECKPOINT;
