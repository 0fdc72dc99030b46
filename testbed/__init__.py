"""Real servers for the demo, the test suite and the benchmark.

Neo4j Community and s3proxy run from Maven Central's jars on loopback ports. Where a container
engine answers, they run in containers too. So every behaviour is proved against the real thing.
Java 17 or 21 and Maven must be installed.
"""
