"""A real S3 server, s3proxy, that keeps its objects on disk and checks signatures."""

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from testbed import jars
from testbed.java import java
from testbed.ports import LOOPBACK, free_port, is_listening, require_free
from testbed.process import Process

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DEFAULT_ACCESS_KEY = "testbed-access-key"
DEFAULT_SECRET_KEY = "testbed-secret-key"
START_SECONDS = 60.0
_LOGBACK = """\
<configuration>
  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{30} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="console"/></root>
</configuration>
"""


def s3_client(endpoint_url: str, access_key: str, secret_key: str) -> "S3Client":
    """A new boto3 client of an S3 server, configured as for R2."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="auto",
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


class S3Server:
    """s3proxy with its objects in `directory`; a context manager, restartable on its data."""

    def __init__(
        self,
        directory: Path,
        *,
        access_key: str = DEFAULT_ACCESS_KEY,
        secret_key: str = DEFAULT_SECRET_KEY,
        heap: str = "256m",
        port: int | None = None,
    ) -> None:
        """Describe a server; nothing is started or written yet. A `port` of None picks one.

        s3proxy holds each body in memory while it checks its hash: 256m is enough for four parts of
        32 MiB or two of 64 MiB at a time. Beyond that it answers 500 InternalError.
        """
        self.directory = directory
        self.access_key = access_key
        self.secret_key = secret_key
        self.port = free_port() if port is None else port
        self._heap = heap
        self._process: Process | None = None

    @property
    def endpoint_url(self) -> str:
        """The server's address, as boto3 takes it."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def process(self) -> Process:
        """The server's process, to suspend or kill."""
        if self._process is None:
            self._process = Process(
                f"s3proxy on port {self.port}", self._command(), log=self.directory / "console.log"
            )
        return self._process

    def start(self) -> None:
        """Start the server and return at once; `wait_ready` waits for it."""
        require_free(self.port)
        (self.directory / "objects").mkdir(parents=True, exist_ok=True)
        (self.directory / "logback.xml").write_text(_LOGBACK, encoding="utf-8")
        (self.directory / "s3proxy.conf").write_text(self._settings(), encoding="utf-8")
        self.process.start()

    def wait_ready(self) -> None:
        """Return when the server accepts connections; raises ServerFailedError if it doesn't."""
        self.process.wait_ready(lambda: is_listening(self.port), seconds=START_SECONDS)

    def request_stop(self) -> None:
        """Ask the server to shut down and return at once."""
        self.process.request_stop()

    def stop(self) -> None:
        """Shut the server down and wait for its end; its objects stay in `directory`."""
        self.process.stop()

    def client(self) -> "S3Client":
        """A new boto3 client, configured as for R2."""
        return s3_client(self.endpoint_url, self.access_key, self.secret_key)

    def create_bucket(self, name: str) -> None:
        """Make an empty bucket; a name has at least three characters, as on S3."""
        self.client().create_bucket(Bucket=name)

    def __enter__(self) -> "S3Server":
        """Start the server and wait until it accepts connections."""
        self.start()
        self.wait_ready()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop the server."""
        self.stop()

    def _command(self) -> list[str]:
        return [
            java(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            f"-Xmx{self._heap}",
            f"-Dlogback.configurationFile={self.directory / 'logback.xml'}",
            "-cp",
            f"{jars.resolve('s3proxy')}/*",
            "org.gaul.s3proxy.Main",
            "--properties",
            str(self.directory / "s3proxy.conf"),
        ]

    def _settings(self) -> str:
        settings = {
            "s3proxy.endpoint": self.endpoint_url,
            "s3proxy.authorization": "aws-v2-or-v4",
            "s3proxy.identity": self.access_key,
            "s3proxy.credential": self.secret_key,
            "jclouds.provider": "filesystem-nio2",
            "jclouds.filesystem.basedir": str(self.directory / "objects"),
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())
