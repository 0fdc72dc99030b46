ARG PYTHON_IMAGE=python:3.13.9-slim-trixie
FROM ${PYTHON_IMAGE}

# cronie's crond ends on SIGTERM. Its packaged system jobs are removed. So is pam_loginuid: it fails every job on
# hosts where the engine was started from a login. cronie needs a program that makes system users: the small one
# of systemd saves 14 MB, compared with systemd itself. No version is pinned, because Debian keeps only the newest
# version of a package, and a pinned one would break the build. What apt remembers of questions is 1 MB; it asks none.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends cronie procps systemd-standalone-sysusers \
    && rm -rf /var/lib/apt/lists/* /var/cache/debconf/templates.dat* /var/lib/dpkg/status-old \
        /etc/crontab /etc/cron.daily/* \
    && sed --in-place /pam_loginuid/d /etc/pam.d/cronie \
    && useradd --uid 1000 --user-group --no-create-home --shell /usr/sbin/nologin neo4j-backup \
    && install -d -o neo4j-backup -g neo4j-backup -m 700 /var/lib/neo4j-r2-backup

LABEL org.opencontainers.image.title="Neo4j to R2 Backup Service" \
    org.opencontainers.image.description="Backs up a live Neo4j Community database to Cloudflare R2" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="0.1.0"
WORKDIR /app
COPY requirements.txt ./
# Of what the libraries bring, 35 MB are never used here: tables for all other services of AWS, translations of Apprise's
# own words and its command line, a second, faster reader of YAML, which it has only for its configuration files, and
# Rich's readers of source code and of Markdown.
RUN export PYTHONDONTWRITEBYTECODE=1 \
    && pip install --no-cache-dir --no-compile --require-hashes -r requirements.txt \
    && libraries="$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
    && find "$libraries/botocore/data" "$libraries/boto3/data" \
        -mindepth 1 -maxdepth 1 -type d ! -name s3 -exec rm -r {} + \
    && find "$libraries/apprise/i18n" -mindepth 1 ! -name __init__.py -delete \
    && rm -f "$libraries"/yaml/_yaml.*.so \
    && pip uninstall --yes --quiet --root-user-action=ignore click markdown-it-py mdurl pygments

COPY neo4j_r2 ./neo4j_r2
COPY --chmod=755 backup.py entrypoint.sh ./
# The jobs' user must be able to read the files, whatever their modes were. Python keeps what it compiles for an import.
# So what a backup needs is imported once, as the file system is read-only later: the program, an S3 client, which is
# loaded only when it is needed, and what Python itself loads at the first date that is read: its base image keeps
# nothing compiled. Apprise's services are left: 3.5 MB, for a second of a run that notifies somebody.
RUN find . \( ! -perm -a=r -o -type d ! -perm -a=x \) -exec chmod a+rX {} + \
    && python3 -c 'import pkgutil; [__import__(module.name) for module in pkgutil.walk_packages(["."])]; \
import _strptime, apprise, boto3; boto3.client("s3", "auto")'

ENV BACKUP_CONTAINER=true \
    BACKUP_STATE_DIR=/var/lib/neo4j-r2-backup \
    METRICS_ADDRESS=::
VOLUME /var/lib/neo4j-r2-backup
# Without a start period: it would hide that the service cannot start.
HEALTHCHECK --interval=30s --timeout=20s --retries=1 \
    CMD ["sh", "-c", "python3 /app/backup.py health || exit 1"]
ENTRYPOINT ["/app/entrypoint.sh"]
