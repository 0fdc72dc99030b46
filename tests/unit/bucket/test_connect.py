"""How the S3 client reaches R2."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from testbed.ports import LOOPBACK
from tests.unit.process import TIMEOUT_SECONDS, run_program


def test_the_client_asks_the_proxy_that_the_environment_names(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as proxy, ThreadPoolExecutor() as pool:
        proxy.settimeout(TIMEOUT_SECONDS)
        asked = pool.submit(_first_line, proxy)
        run_program(
            tmp_path,
            "list",
            HTTP_PROXY=f"http://{LOOPBACK}:{proxy.getsockname()[1]}",
            R2_ENDPOINT_URL="http://r2.invalid",
            R2_ACCESS_KEY_ID="key",
            R2_SECRET_ACCESS_KEY="secret",
            R2_BUCKET_NAME="bucket",
            BACKUP_RETRY_SECONDS="0",
        )
        assert asked.result().startswith("GET http://r2.invalid/bucket?")


def _first_line(server: socket.socket) -> str:
    """Return the first line that the first client sends, and hang up."""
    connection, _ = server.accept()
    with connection, connection.makefile(encoding="ascii") as request:
        return request.readline()
