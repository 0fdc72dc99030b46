#!/bin/sh
# Checks the configuration, waits for Neo4j, writes root's crontab and becomes its supervisor.
set -eu

cd /app
umask 077
environment=/run/neo4j-r2-backup.environment

# The first process of a container takes only the signals that it has asked for.
trap 'exit 143' TERM INT

schedule=$(python3 /app/backup.py check)
python3 /app/backup.py wait &
wait $!

# crond gives a job almost no environment, so it is kept for it, in the shell's own quoting. The
# line reads it as root, sends the log to the container's, and gives up root's rights.
export -p >"$environment"
user="--reuid=neo4j-backup --regid=neo4j-backup --clear-groups --no-new-privs"
crontab - <<EOF
$schedule . $environment; cd /app && exec setpriv $user python3 /app/backup.py >/proc/1/fd/1 2>/proc/1/fd/2
EOF

trap - TERM INT
exec python3 /app/backup.py supervise
