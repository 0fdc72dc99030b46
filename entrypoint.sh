#!/bin/sh
# Checks the configuration, waits for Neo4j, writes root's crontab, and becomes the supervisor of crond.
set -eu

[ $# -eq 0 ] || exec "$@"

cd /app
umask 077
environment=/run/neo4j-r2-backup.environment
set -- setpriv --reuid=neo4j-backup --regid=neo4j-backup --clear-groups --no-new-privs \
    python3 /app/backup.py

# The first process of a container gets only the signals that it handles.
trap 'exit 143' TERM INT

# Both commands run as the user of the jobs, so that missing permissions show now.
schedule=$("$@" check --at-start)
"$@" wait &
wait $! || {
    code=$?
    # The engine starts the container again. Without a pause, repeated wrong logins would lock the account.
    sleep 60 &
    wait $!
    exit $code
}

# crond gives a job almost no environment. So the environment is saved for it, in the shell's own quoting. The
# crontab's line sends all output to the container's log, reads this file as root, and gives up root's rights.
export -p >"$environment"
crontab - <<EOF
$schedule exec >/proc/1/fd/1 2>/proc/1/fd/2; . $environment; cd /app && exec $*
EOF

exec env --block-signal=TERM --block-signal=INT python3 /app/backup.py supervise
