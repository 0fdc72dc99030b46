"""Neo4j: the only package that knows the driver."""
