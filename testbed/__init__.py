"""Real servers on loopback ports for the demo, the test suite and the benchmark.

Neo4j Community and s3proxy run from Maven Central's jars, without containers, so every
behaviour that is proved here is proved against the real thing. Java 17 or 21 and Maven
are the prerequisites.
"""
