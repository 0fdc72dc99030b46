"""Reads and checks the two files that drills use: the private keys, and the questions."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from neo4j_r2.commands.identity_file import VARIABLE, read_drill_keys
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.restore.questions import Question, read_questions

log = logging.getLogger(__name__)


def check_drill_files(config: Config) -> int:
    """Check the files that are set, and return how many questions drills ask.

    A warning tells of keys that others can read too, and of encrypted backups that scheduled drills
    cannot open.

    :raises ConfigurationError: naming everything that is wrong with the files.
    """
    questions: tuple[Question, ...] = ()
    problems = []
    try:
        if config.drill.identity_file:
            _check_keys(config.drill.identity_file, config.recipients)
    except ConfigurationError as error:
        problems.append(str(error))
    try:
        questions = drill_questions(config)
    except ConfigurationError as error:
        problems.append(str(error))
    if problems:
        raise ConfigurationError("\n".join(problems))
    if config.service.drill_schedule and config.recipients and not config.drill.identity_file:
        log.warning(
            "Drills cannot open encrypted backups: set %s, or run `backup.py drill --identity` "
            "where the key is",
            VARIABLE,
        )
    return len(questions)


def drill_questions(config: Config) -> tuple[Question, ...]:
    """Return the questions that drills ask of a restored graph; none without a file of them.

    :raises ConfigurationError: naming everything that is wrong with the file.
    """
    path = config.drill.checks_file
    return read_questions(path) if path else ()


def _check_keys(path: Path, recipients: tuple[str, ...]) -> None:
    """Check the file of private keys.

    :param recipients: the public keys that backups are encrypted to now.
    """
    keys = read_drill_keys(path)
    if recipients and not set(recipients) & set(keys.public_keys):
        raise ConfigurationError(
            f"{VARIABLE}: none of its keys opens the backups that are made now "
            "(BACKUP_ENCRYPTION_RECIPIENTS)"
        )
    if path.stat().st_mode & stat.S_IROTH:
        log.warning("%s: every user of this machine can read %s", VARIABLE, path)
