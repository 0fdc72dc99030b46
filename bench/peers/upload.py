"""How a user stores a file in a bucket."""

from __future__ import annotations

import os
from pathlib import Path

from testbed.s3_server import s3_client


def upload(path: Path) -> None:
    """Store a file under its name, in the parts and by the threads that boto3 chooses."""
    client = s3_client(
        os.environ["R2_ENDPOINT_URL"],
        os.environ["R2_ACCESS_KEY_ID"],
        os.environ["R2_SECRET_ACCESS_KEY"],
    )
    client.upload_file(str(path), os.environ["R2_BUCKET_NAME"], path.name)
