#!/bin/sh
# Checks the configuration, waits for Neo4j, writes root's crontab, and becomes the supervisor of crond.
# With a command of backup.py (docker compose run --rm neo4j-backup list), it runs that command instead.
set -eu

cd /app
case ${1-} in
    '') ;;
    -*) exec python3 /app/backup.py "$@" ;;
    *) if [ -f "neo4j_r2/commands/$1.py" ]; then exec python3 /app/backup.py "$@"; else exec "$@"; fi ;;
esac

umask 077
environment=/run/neo4j-r2-backup.environment
set -- setpriv --reuid=neo4j-backup --regid=neo4j-backup --clear-groups --no-new-privs \
    python3 /app/backup.py

# The first process of a container gets only the signals that it handles.
trap 'exit 143' TERM INT

# SETUID and SETGID are tried. Whether this shell may signal other users' processes is bit 5 of its capabilities.
capabilities=$(sed -n 's/^CapEff:[[:space:]]*/0x/p' /proc/self/status)
if ! { setpriv --reuid=neo4j-backup --regid=neo4j-backup --clear-groups true 2>/dev/null &&
    [ $((capabilities >> 5 & 1)) -eq 1 ]; }; then
    echo "[ERROR] The container must start as root with the capabilities SETUID, SETGID and KILL: crond starts the" \
        "backups as user 1000, and a stop ends them. Leave out user: (--user), and keep cap_add" >&2
    exit 2
fi

# The supervisor shows for some minutes that the service cannot start. Then the engine starts the container again.
# Without such a pause, repeated wrong logins would lock the account.
fail() {
    exec env --block-signal=TERM --block-signal=INT python3 /app/backup.py supervise --failed "$1"
}

# Both commands run as the user of the jobs, so that missing permissions show now.
jobs=$("$@" check --at-start) || fail $?
"$@" wait &
wait $! || fail $?

# crond gives a job almost no environment. So the environment is saved for it, in the shell's own quoting. Each line of
# the crontab sends all output to the container's log, reads this file as root, and gives up root's rights.
export -p >"$environment"
job="exec >/proc/1/fd/1 2>/proc/1/fd/2; . $environment; cd /app; exec $*"
printf '%s\n' "$jobs" | sed "s|JOB|$job|" | crontab -

exec env --block-signal=TERM --block-signal=INT python3 /app/backup.py supervise
