ARG PYTHON_IMAGE=python:3.13.9-slim-trixie
FROM ${PYTHON_IMAGE}

# cronie's crond ends on SIGTERM. Its packaged system jobs are removed. So is pam_loginuid: it fails every job on
# hosts where the engine was started from a login. cronie needs a program that makes system users: the small one
# of systemd saves 14 MB, compared with systemd itself. No version is pinned, because Debian keeps only the newest
# version of a package, and a pinned one would break the build.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends cronie procps systemd-standalone-sysusers \
    && rm -rf /var/lib/apt/lists/* /etc/crontab /etc/cron.daily/* \
    && sed --in-place /pam_loginuid/d /etc/pam.d/cronie \
    && useradd --uid 1000 --user-group --no-create-home --shell /usr/sbin/nologin neo4j-backup \
    && install -d -o neo4j-backup -g neo4j-backup -m 700 /var/lib/neo4j-r2-backup

LABEL org.opencontainers.image.title="Neo4j to R2 Backup Service" \
    org.opencontainers.image.description="Backs up a live Neo4j Community database to Cloudflare R2" \
    org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY requirements.txt ./
# The S3 client brings tables for all services of AWS. Only the one for S3 is used; the others take 25 MB.
RUN pip install --no-cache-dir --require-hashes -r requirements.txt \
    && find "$(python3 -c 'import botocore; print(*botocore.__path__)')/data" \
        -mindepth 1 -maxdepth 1 -type d ! -name s3 -exec rm -r {} +

COPY neo4j_r2 ./neo4j_r2
COPY --chmod=755 backup.py entrypoint.sh ./
# The jobs' user must be able to read the files, whatever their modes were. They are compiled here, because the
# file system is read-only later.
RUN chmod -R a+rX . && python3 -m compileall -q .

ENV BACKUP_CONTAINER=true \
    BACKUP_STATE_DIR=/var/lib/neo4j-r2-backup \
    METRICS_ADDRESS=::
VOLUME /var/lib/neo4j-r2-backup
# Without a start period: it would hide that the service cannot start.
HEALTHCHECK --interval=30s --timeout=20s --retries=1 \
    CMD ["sh", "-c", "python3 /app/backup.py health || exit 1"]
ENTRYPOINT ["/app/entrypoint.sh"]
