"""Real servers for the demo, the test suite and the benchmark.

Neo4j Community and s3proxy run from Maven Central's jars on loopback ports, and where a container
engine answers, in containers too, so every behaviour that is proved here is proved against the
real thing. Java 17 or 21 and Maven are the prerequisites.
"""
