// Neo4j Database Export
// Database: neo4j
// Exported: 2026-11-23T07:00:56
//
// Neo4j 5.26.19 (community), apoc export, times in UTC.
// Restore into an empty database: gunzip -c FILE | cypher-shell -u neo4j
// cypher-shell cannot make byte arrays: those marked in the text become lists of
// integers. Everything else comes back exactly. A file is complete if its last line is
// "// End of export: ..."

CREATE CONSTRAINT `back``tick` FOR ()-[r:`KNOWS`]-() REQUIRE (r.`key`) IS UNIQUE;
CREATE CONSTRAINT `constraint_b22c58d2` FOR (n:`Measure`) REQUIRE (n.`value`) IS UNIQUE;
CREATE CONSTRAINT `person_email` FOR (n:`Person`) REQUIRE (n.`email`) IS UNIQUE;
CREATE CONSTRAINT `UNIQUE_IMPORT_NAME` FOR (n:`UNIQUE IMPORT LABEL`) REQUIRE n.`UNIQUE IMPORT ID` IS UNIQUE;
CALL db.awaitIndexes(86400);
:begin
UNWIND [{email:"a@x", properties:{born:date('2000-02-29'), name:"\u00C4 '\"\\ \u6F22\uD83D\uDE00\n;\n:commit"}}] AS row
CREATE (n:Person{email: row.email}) SET n += row.properties;
UNWIND [{email:"b@x", properties:{scores:[1.5, 2.0], tags:["x", "y, {z}"]}}] AS row
CREATE (n:Person{email: row.email}) SET n += row.properties SET n:Boss;
UNWIND [{value:0.0, properties:{}}, {value:-0.0, properties:{}}, {value:true, properties:{}}, {value:date('2000-02-29'), properties:{}}, {value:point({x: 1.0, y: -2.5, crs: 'cartesian'}), properties:{}}, {value:duration('P1M2DT3.5S'), properties:{}}, {value:[0, -3], properties:{}}, {value:[-0.0, 1.5], properties:{}}, {value:[0.0, 1.5], properties:{}}, {value:"0.0", properties:{}}, {value:[], properties:{}}] AS row
CREATE (n:Measure{value: row.value}) SET n += row.properties;
UNWIND [{_id:339, properties:{}}] AS row
CREATE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row._id}) SET n += row.properties SET n:Measure;
UNWIND [{_id:344, properties:{}}] AS row
CREATE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row._id}) SET n += row.properties;
UNWIND [{_id:343, properties:{location:point({x: 1.0, y: 2.0, crs: 'cartesian'})}}] AS row
CREATE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row._id}) SET n += row.properties SET n:Place;
UNWIND [{_id:342, properties:{name:"nobody"}}] AS row
CREATE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row._id}) SET n += row.properties SET n:Person;
:commit
:begin
UNWIND [{start: {value:[]}, end: {_id:339}, properties:{n:11}}] AS row
MATCH (start:Measure{value: row.start.value})
MATCH (end:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.end._id})
CREATE (start)-[r:OF]->(end) SET r += row.properties;
UNWIND [{start: {email:"b@x"}, end: {_id:342}, properties:{}}] AS row
MATCH (start:Person{email: row.start.email})
MATCH (end:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.end._id})
CREATE (start)-[r:KNOWS]->(end) SET r += row.properties;
UNWIND [{start: {_id:344}, end: {_id:344}, properties:{}}, {start: {_id:344}, end: {_id:344}, properties:{}}] AS row
MATCH (start:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.start._id})
MATCH (end:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.end._id})
CREATE (start)-[r:AT]->(end) SET r += row.properties;
UNWIND [{start: {value:0.0}, end: {value:-0.0}, properties:{n:1}}, {start: {value:-0.0}, end: {value:true}, properties:{n:2}}, {start: {value:true}, end: {value:date('2000-02-29')}, properties:{n:3}}, {start: {value:date('2000-02-29')}, end: {value:point({x: 1.0, y: -2.5, crs: 'cartesian'})}, properties:{n:4}}, {start: {value:point({x: 1.0, y: -2.5, crs: 'cartesian'})}, end: {value:duration('P1M2DT3.5S')}, properties:{n:5}}, {start: {value:duration('P1M2DT3.5S')}, end: {value:[0, -3]}, properties:{n:6}}, {start: {value:[0, -3]}, end: {value:[-0.0, 1.5]}, properties:{n:7}}, {start: {value:[-0.0, 1.5]}, end: {value:[0.0, 1.5]}, properties:{n:8}}, {start: {value:[0.0, 1.5]}, end: {value:"0.0"}, properties:{n:9}}, {start: {value:"0.0"}, end: {value:[]}, properties:{n:10}}] AS row
MATCH (start:Measure{value: row.start.value})
MATCH (end:Measure{value: row.end.value})
CREATE (start)-[r:OF]->(end) SET r += row.properties;
UNWIND [{start: {email:"a@x"}, end: {email:"b@x"}, properties:{key:1, since:datetime('2024-01-01T00:00:00+01:00[Europe/Paris]')}}] AS row
MATCH (start:Person{email: row.start.email})
MATCH (end:Person{email: row.end.email})
CREATE (start)-[r:KNOWS]->(end) SET r += row.properties;
UNWIND [{start: {_id:342}, end: {_id:343}, properties:{sure:false, far:-0.5}}] AS row
MATCH (start:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.start._id})
MATCH (end:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.end._id})
CREATE (start)-[r:AT]->(end) SET r += row.properties;
:commit
MATCH (n:`UNIQUE IMPORT LABEL`) CALL (n) { REMOVE n:`UNIQUE IMPORT LABEL` REMOVE n.`UNIQUE IMPORT ID` } IN TRANSACTIONS OF 10000 ROWS;
DROP CONSTRAINT `UNIQUE_IMPORT_NAME`;
DROP INDEX `index_f7700477` IF EXISTS;
DROP INDEX `index_1b9dcc97` IF EXISTS;
CREATE LOOKUP INDEX `types of relationships` IF NOT EXISTS FOR ()-[r]-() ON EACH type(r);
CREATE POINT INDEX `bounded` FOR (n:`Place`) ON (n.`location`) OPTIONS {indexConfig: {`spatial.cartesian-3d.max`: [1000000.0, 1000000.0, 1000000.0],`spatial.cartesian-3d.min`: [-1000000.0, -1000000.0, -1000000.0],`spatial.cartesian.max`: [100.0, 100.0],`spatial.cartesian.min`: [-100.0, -100.0],`spatial.wgs-84-3d.max`: [180.0, 90.0, 1000000.0],`spatial.wgs-84-3d.min`: [-180.0, -90.0, -1000000.0],`spatial.wgs-84.max`: [180.0, 90.0],`spatial.wgs-84.min`: [-180.0, -90.0]}};
CREATE VECTOR INDEX `fact vectors` FOR ()-[r:`KNOWS`]-() ON (r.`embedding`) OPTIONS {indexConfig: {`vector.dimensions`: 8,`vector.hnsw.ef_construction`: 100,`vector.hnsw.m`: 16,`vector.quantization.enabled`: true,`vector.similarity_function`: 'COSINE'}};
CREATE TEXT INDEX `names` FOR (n:`Person`) ON (n.`name`);
CREATE RANGE INDEX `new\u000Aline; "x` FOR (n:`\u6F22 \u5B57`) ON (n.`back\u005Cslash`, n.`it's // a`);
CREATE FULLTEXT INDEX `texts` FOR (n:`Person`|`Place`) ON EACH [n.`name`, n.`\u6F22\u5B57`] OPTIONS {indexConfig: {`fulltext.analyzer`: 'german',`fulltext.eventually_consistent`: true}};
CALL db.awaitIndexes(86400);
// End of export: 17 nodes, 16 relationships
