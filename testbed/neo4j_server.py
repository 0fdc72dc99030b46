"""A real Neo4j Community server on a loopback port."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from neo4j import Driver, GraphDatabase, NotificationMinimumSeverity, Query
from neo4j.exceptions import DatabaseUnavailable, ServiceUnavailable, SessionExpired

from testbed import jars
from testbed.certificate import make_certificate
from testbed.database import UNTIMED, empty
from testbed.java import calendar_java, java
from testbed.ports import LOOPBACK, free_port, is_listening, require_free
from testbed.process import Process

USER = "neo4j"
DATABASE = "neo4j"
DEFAULT_PASSWORD = "testbed-password"
START_SECONDS = 180.0
# For Java that starts often and lives briefly: the second compiler costs more than it gains.
# A benchmark passes java_options=() instead.
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_OPENED_PACKAGES = ("java.nio", "java.io", "sun.nio.ch", "java.lang")
_FIRST_PASSWORD = "neo4j"
_NOT_YET = (ServiceUnavailable, SessionExpired, DatabaseUnavailable)


class Neo4jServer:
    """Neo4j in `directory`; a context manager, and restartable on the same data and port."""

    user = USER
    database = DATABASE

    def __init__(
        self,
        directory: Path,
        *,
        apoc: bool = True,
        heap: str = "512m",
        password: str = DEFAULT_PASSWORD,
        port: int | None = None,
        extra_settings: Mapping[str, str] | None = None,
        java_options: Sequence[str] = QUICK_START,
        tls: bool = False,
        calendar: bool = False,
    ) -> None:
        """Describe a server; nothing is started or written yet.

        With `tls` Bolt is encrypted with a self-signed certificate for localhost, and only so.
        With `calendar` it is the newest calendar release, for which there is no APOC, not the LTS.
        A `port` of None picks a free one. `extra_settings` win over the ones written here.
        """
        self.directory = directory
        self.password = password
        self.port = free_port() if port is None else port
        self.import_directory = directory / "import"
        self._apoc = apoc and not calendar
        self._heap = heap
        self._extra_settings = extra_settings or {}
        self._java_options = java_options
        self._tls = tls
        self._calendar = calendar
        self._process: Process | None = None

    @property
    def uri(self) -> str:
        """The Bolt address, as the driver takes it."""
        return f"{'bolt+ssc' if self._tls else 'bolt'}://{LOOPBACK}:{self.port}"

    @property
    def process(self) -> Process:
        """The server's process, to suspend or kill."""
        if self._process is None:
            self._process = Process(
                f"Neo4j on port {self.port}", self._command(), log=self.directory / "console.log"
            )
        return self._process

    def start(self) -> None:
        """Start the server and return at once; `wait_ready` waits for it."""
        require_free(self.port)
        self._write_configuration()
        self.process.start()

    def wait_ready(self) -> None:
        """Return when a Bolt login with `password` and a query on the database succeed.

        Raises ServerFailedError, with the end of the server's log, when that doesn't happen.
        """
        self.process.wait_ready(self._answers, seconds=START_SECONDS)

    def request_stop(self) -> None:
        """Ask the server to shut down and return at once."""
        self.process.request_stop()

    def stop(self) -> None:
        """Shut the server down and wait for its end; its data stays in `directory`."""
        self.process.stop()

    def driver(self) -> Driver:
        """A new driver, logged in as the administrator and silent about query notifications."""
        return self._driver(self.password)

    def reset(self) -> None:
        """Empty the database: no data, and the two default lookup indexes as its only schema."""
        with self.driver() as driver:
            empty(driver, DATABASE)

    def __enter__(self) -> "Neo4jServer":
        """Start the server and wait until it answers."""
        self.start()
        self.wait_ready()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop the server."""
        self.stop()

    def _driver(self, password: str) -> Driver:
        return GraphDatabase.driver(
            self.uri,
            auth=(USER, password),
            notifications_min_severity=NotificationMinimumSeverity.OFF,
        )

    def _answers(self) -> bool:
        if not is_listening(self.port):
            return False
        try:
            self._set_first_password()
            with self.driver() as driver, driver.session(database=DATABASE) as session:
                session.run(Query("RETURN 1", timeout=UNTIMED)).consume()
        except _NOT_YET:
            return False
        return True

    def _set_first_password(self) -> None:
        """Replace the initial password, once for each data directory."""
        done = self.directory / "password-is-set"
        if done.exists():
            return
        statement = Query(
            "ALTER CURRENT USER SET PASSWORD FROM $first TO $password", timeout=UNTIMED
        )
        with self._driver(_FIRST_PASSWORD) as driver, driver.session(database="system") as session:
            session.run(statement, first=_FIRST_PASSWORD, password=self.password).consume()
        done.touch()

    def _command(self) -> list[str]:
        # APOC's jars have to be in the plugin folder and on the class path, ahead of the server's.
        server: jars.Kind = "neo4j-calendar" if self._calendar else "neo4j"
        kinds: tuple[jars.Kind, ...] = ("apoc", server) if self._apoc else (server,)
        class_path = ":".join(f"{jars.resolve(kind)}/*" for kind in kinds)
        main_class = "Neo4jCommunity" if self._calendar else "CommunityEntryPoint"
        return [
            calendar_java() if self._calendar else java(),
            *self._java_options,
            f"-Xms{self._heap}",
            f"-Xmx{self._heap}",
            *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED_PACKAGES),
            "-cp",
            class_path,
            f"org.neo4j.server.{main_class}",
            f"--home-dir={self.directory}",
            f"--config-dir={self.directory / 'conf'}",
            "--console-mode",
        ]

    def _write_configuration(self) -> None:
        configuration = self.directory / "conf"
        configuration.mkdir(parents=True, exist_ok=True)
        self.import_directory.mkdir(exist_ok=True)
        (configuration / "neo4j.conf").write_text(_lines(self._settings()), encoding="utf-8")
        apoc_settings = {"apoc.export.file.enabled": "true", "apoc.import.file.enabled": "true"}
        (configuration / "apoc.conf").write_text(_lines(apoc_settings), encoding="utf-8")
        if self._tls:
            make_certificate(self.directory / "certificates" / "bolt")

    def _settings(self) -> dict[str, str]:
        plugins = jars.resolve("apoc") if self._apoc else self.directory / "plugins"
        settings = {
            "server.bolt.listen_address": f"{LOOPBACK}:{self.port}",
            "server.bolt.advertised_address": f"{LOOPBACK}:{self.port}",
            "server.http.enabled": "false",
            "server.https.enabled": "false",
            "server.directories.plugins": str(plugins),
            # As in the configuration that Neo4j comes with: where APOC's files are.
            "server.directories.import": str(self.import_directory),
            "server.memory.pagecache.size": "64m",
            "dbms.usage_report.enabled": "false",
            # A test that logs in with a wrong password must not lock the others out.
            "dbms.security.auth_max_failed_attempts": "0",
            # Without it, a stop waits several seconds for connections that nobody opens.
            "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
            "db.tx_log.preallocate": "false",
            "db.tx_log.rotation.size": "32m",
            "db.tx_log.rotation.retention_policy": "keep_none",
        }
        if self._tls:
            settings |= _TLS_SETTINGS
        if self._calendar:
            settings |= _SILENT_SETTINGS
        return settings | dict(self._extra_settings)


_TLS_SETTINGS = {
    "server.bolt.tls_level": "REQUIRED",
    "dbms.ssl.policy.bolt.enabled": "true",
    "dbms.ssl.policy.bolt.base_directory": "certificates/bolt",
    "dbms.ssl.policy.bolt.private_key": "private.key",
    "dbms.ssl.policy.bolt.public_certificate": "public.crt",
    "dbms.ssl.policy.bolt.client_auth": "NONE",
}
# A calendar release tells the local network and Neo4j of itself, if it is let.
_SILENT_SETTINGS = {
    "server.fleet_discovery.enabled": "false",
    "dbms.fleet_manager.enabled": "false",
}


def _lines(settings: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())
