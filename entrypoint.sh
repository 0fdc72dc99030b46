#!/bin/sh
# Checks the configuration, waits for Neo4j, writes root's crontab and becomes its supervisor.
set -eu

[ $# -eq 0 ] || exec "$@"

cd /app
umask 077
environment=/run/neo4j-r2-backup.environment
set -- setpriv --reuid=neo4j-backup --regid=neo4j-backup --clear-groups --no-new-privs \
    python3 /app/backup.py

# The first process of a container gets only the signals that it has asked for.
trap 'exit 143' TERM INT

# As the user that the jobs have: what that one may not read or write is told now.
schedule=$("$@" check)
"$@" wait &
wait $! || {
    code=$?
    # The engine will start this again. A login that is tried time after time locks the account.
    sleep 60 &
    wait $!
    exit $code
}

# crond gives a job almost no environment, so it is kept for it, in the shell's own quoting. The
# line sends all output to the container's log, reads the file as root, and gives up root's rights.
export -p >"$environment"
crontab - <<EOF
$schedule exec >/proc/1/fd/1 2>/proc/1/fd/2; . $environment; cd /app && exec $*
EOF

exec env --block-signal=TERM --block-signal=INT python3 /app/backup.py supervise
