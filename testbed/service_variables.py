"""The variables of the service, as it finds them in its environment."""

from pathlib import Path

from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server


def service_variables(
    source: Neo4jServer, s3: S3Server, bucket: str, directory: Path
) -> dict[str, str]:
    """Let the service back up `source` into `bucket`, with its state in `directory`."""
    return {
        "NEO4J_URI": source.uri,
        "NEO4J_PASSWORD": source.password,
        "R2_ENDPOINT_URL": s3.endpoint_url,
        "R2_ACCESS_KEY_ID": s3.access_key,
        "R2_SECRET_ACCESS_KEY": s3.secret_key,
        "R2_BUCKET_NAME": bucket,
        "BACKUP_STATE_DIR": str(directory / "state"),
    }
