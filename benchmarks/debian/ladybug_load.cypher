// The package graph, from the Parquet files that duckdb_load.sql leaves.
CREATE NODE TABLE Package (
  name STRING PRIMARY KEY, version STRING, section STRING, priority STRING, installed_size INT64, size INT64, description STRING,
  homepage STRING
);
CREATE NODE TABLE Maintainer (email STRING PRIMARY KEY, name STRING);
CREATE REL TABLE DependsOn (FROM Package TO Package, alternative INT32, `constraint` STRING);
CREATE REL TABLE Recommends (FROM Package TO Package, alternative INT32, `constraint` STRING);
CREATE REL TABLE Suggests (FROM Package TO Package, alternative INT32, `constraint` STRING);
CREATE REL TABLE Maintains (FROM Maintainer TO Package);
COPY Package FROM '{folder}/Package.parquet';
COPY Maintainer FROM '{folder}/Maintainer.parquet';
COPY DependsOn FROM '{folder}/DependsOn.parquet';
COPY Recommends FROM '{folder}/Recommends.parquet';
COPY Suggests FROM '{folder}/Suggests.parquet';
COPY Maintains FROM '{folder}/Maintains.parquet';
CHECKPOINT;
