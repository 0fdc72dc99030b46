#!/bin/bash
# Prepares Neo4j as the official image's entrypoint does: secrets from files, plugins, settings from
# the environment, the first password. Then it becomes the server, or the command it is given.
set -euo pipefail

readonly conf=$NEO4J_HOME/conf
readonly apoc_jars=$NEO4J_HOME/labs/apoc
# They configure the image, and are no settings of the server.
readonly no_settings=" NEO4J_ACCEPT_LICENSE_AGREEMENT NEO4J_AUTH NEO4J_AUTH_PATH NEO4J_DEBUG \
NEO4J_EDITION NEO4J_HOME NEO4J_PLUGINS NEO4J_SHA256 NEO4J_TARBALL NEO4J_DEPRECATION_WARNING "

as_neo4j=()
if [[ $(id -u) == 0 ]]; then
    as_neo4j=(setpriv --reuid=neo4j --regid=neo4j --init-groups --)
    export HOME=$NEO4J_HOME
fi
readonly as_neo4j

fail() {
    echo "$1" >&2
    exit 1
}

# What NEO4J_*_FILE names becomes the value of NEO4J_*. The server's user has to be able to read it.
read_secrets() {
    local name file
    for name in "${!NEO4J_@}"; do
        [[ $name == *_FILE ]] || continue
        file=${!name}
        "${as_neo4j[@]}" test -r "$file" ||
            fail "The secret file '$file' does not exist or is not readable."
        export "${name%_FILE}=$(<"$file")"
    done
}

own_volumes() {
    [[ $(id -u) != 0 ]] || find /data /logs ! -user neo4j -exec chown neo4j:neo4j {} +
}

# Settings replace what is set already, except for the one that can be given several times.
put_setting() {
    local setting=$1 value=$2 file=$conf/neo4j.conf
    [[ $setting != apoc.* ]] || file=$conf/apoc.conf
    [[ $setting == server.jvm.additional ]] || sed --in-place "/^${setting//./\\.}=/d" "$file"
    printf '%s=%s\n' "$setting" "$value" >>"$file"
}

install_plugins() {
    local plugin
    for plugin in $(jq --raw-output '.[]' <<<"${NEO4J_PLUGINS:-[]}"); do
        [[ $plugin == apoc ]] || fail "\"$plugin\" is not a plugin that this image has."
        echo "Installing Plugin 'apoc' from $apoc_jars to $NEO4J_HOME/plugins"
        cp "$apoc_jars"/*.jar "$NEO4J_HOME/plugins/"
        put_setting dbms.security.procedures.unrestricted 'apoc.*'
    done
}

# NEO4J_a_b__c is the setting a.b_c.
put_settings_of_environment() {
    local name setting
    for name in "${!NEO4J_@}"; do
        [[ $no_settings != *" $name "* && $name != *_FILE && -n ${!name} ]] || continue
        setting=${name#NEO4J_}
        setting=${setting//_/.}
        put_setting "${setting//../_}" "${!name}"
    done
}

# NEO4J_AUTH: none, or neo4j/PASSWORD, or neo4j/PASSWORD/true for one that has to be changed.
set_first_password() {
    local authentication=${NEO4J_AUTH:-}
    if [[ $authentication == none ]]; then
        put_setting dbms.security.auth_enabled false
    elif [[ $authentication =~ ^([^/]+)/([^/]+)/?([tT][rR][uU][eE])?$ ]]; then
        local user=${BASH_REMATCH[1]} password=${BASH_REMATCH[2]} change=${BASH_REMATCH[3]}
        [[ $password != neo4j ]] ||
            fail "Invalid value for password. It cannot be 'neo4j', which is the default."
        [[ $user == neo4j ]] || fail "Invalid admin username, it must be neo4j."
        # It has an effect in a new data directory only.
        [[ -d /data/databases/system ]] ||
            "${as_neo4j[@]}" neo4j-admin dbms set-initial-password "$password" \
                ${change:+--require-password-change}
    elif [[ -n $authentication ]]; then
        fail "Invalid value for NEO4J_AUTH: '$authentication'"
    fi
}

read_secrets
own_volumes
cp /startup/neo4j.conf "$conf/neo4j.conf"
: >"$conf/apoc.conf"
install_plugins
put_settings_of_environment

if [[ $1 != neo4j ]]; then
    exec "${as_neo4j[@]}" "$@"
fi
set_first_password
# The line is assigned first, so that invalid settings end the script.
line=$("${as_neo4j[@]}" neo4j console --dry-run)
read -ra server <<<"$line"
exec "${as_neo4j[@]}" "${server[@]}"
