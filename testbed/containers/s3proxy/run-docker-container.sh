#!/bin/sh
# Writes s3proxy's settings from the environment, and becomes s3proxy. A bucket is a directory under
# JCLOUDS_FILESYSTEM_BASEDIR.
set -eu

property() {
    printf '%s=' "$1"
    printf '%s\n' "$2" | sed 's/\\/\\\\/g'
}

mkdir -p "$JCLOUDS_FILESYSTEM_BASEDIR"
# The credentials are in a file, not on a command line that others can list.
umask 077
properties=/tmp/s3proxy.properties
{
    property s3proxy.endpoint "$S3PROXY_ENDPOINT"
    property s3proxy.authorization "$S3PROXY_AUTHORIZATION"
    property s3proxy.identity "$S3PROXY_IDENTITY"
    property s3proxy.credential "$S3PROXY_CREDENTIAL"
    property s3proxy.v4-max-non-chunked-request-size 134217728
    property s3proxy.v4-max-chunk-size 16777216
    property jclouds.provider "$JCLOUDS_PROVIDER"
    property jclouds.filesystem.basedir "$JCLOUDS_FILESYSTEM_BASEDIR"
} >"$properties"

# Of several options for the same thing Java takes the last.
# shellcheck disable=SC2086
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m ${S3PROXY_JAVA_OPTS:-} \
    -Dlogback.configurationFile=/opt/s3proxy/logback.xml \
    -cp '/opt/s3proxy/lib/*' org.gaul.s3proxy.Main --properties "$properties"
