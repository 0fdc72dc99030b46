#!/bin/sh
# neo4j, neo4j-admin and cypher-shell, whichever name it is called by, from Maven's jars.
set -eu

case ${0##*/} in
    neo4j) library=lib main=org.neo4j.server.startup.Neo4jCommand ;;
    neo4j-admin) library=lib main=org.neo4j.server.startup.Neo4jAdminCommand ;;
    cypher-shell) library=cypher-shell main=org.neo4j.shell.Main ;;
    *) echo "$0 is not a command of Neo4j" >&2 && exit 1 ;;
esac

# JAVA_OPTS holds several options.
# shellcheck disable=SC2086
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 ${JAVA_OPTS:-} \
    -cp "$NEO4J_HOME/$library/*" "$main" "$@"
