"""The settings of pruning: which backups are kept, and when pruning is paused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from neo4j_r2.config import parsers
from neo4j_r2.config.keep_rules import Rules
from neo4j_r2.config.variables import Variables


@dataclass(frozen=True)
class PruneSettings:
    """What a prune may remove."""

    rules: Rules
    """The rules that keep backups."""
    shrink_percent: int = 0
    """A graph that shrank by more than this pauses pruning; 0 turns the alarm off."""
    is_dry: bool = False
    """Whether a prune only says what it would remove."""


def read_prune(variables: Variables, time_zone: tzinfo) -> PruneSettings:
    """Read the settings; days, weeks and months are those of the time zone."""
    return PruneSettings(
        rules=_rules(variables, time_zone),
        shrink_percent=variables.read("BACKUP_SHRINK_PERCENT", parsers.whole(0, 99), "0"),
        is_dry=variables.read("BACKUP_PRUNE_DRY_RUN", parsers.boolean, "false"),
    )


def _rules(variables: Variables, time_zone: tzinfo) -> Rules:
    number = parsers.whole(0, 99_999)
    rules = Rules(
        days=variables.read("BACKUP_RETENTION_DAYS", parsers.retention_days, "7"),
        last=variables.read("BACKUP_KEEP_LAST", number, "0"),
        daily=variables.read("BACKUP_KEEP_DAILY", number, "0"),
        weekly=variables.read("BACKUP_KEEP_WEEKLY", number, "0"),
        monthly=variables.read("BACKUP_KEEP_MONTHLY", number, "0"),
        yearly=variables.read("BACKUP_KEEP_YEARLY", number, "0"),
        minimum=variables.read("BACKUP_KEEP_MINIMUM", number, "0"),
        time_zone=time_zone,
    )
    if rules.days is None and not rules.counts:
        variables.problem(
            "BACKUP_RETENTION_DAYS", "accepted only with a rule of BACKUP_KEEP_*", shown="none"
        )
    return rules
