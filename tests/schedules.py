"""Cron expressions, with what crontab of Debian's cronie 1.7.2 says of each: `crontab -T`.

Each expression was checked as a line of its own, before a command.
"""

from __future__ import annotations

from typing import Final

ACCEPTED: Final = (
    "* * * * *",
    "0 2 * * *",
    "0 */6 * * *",
    "0 1,13 * * *",
    "0 3 * * 1",
    "59 23 31 12 7",
    "0 0 1 1 0",
    "007 02 * * *",
    "0\t2 \t *  *\t*",
    "  0 2 * * *\t",
    "0-29/10,45 2 * * *",
    "*/7 * * * *",
    "*/010 * * * *",
    "*/60 * * * *",
    "*/999999999 * * * *",
    "5-5/2 2 * * *",
    "50-70/30 2 * * *",
    "5,5,5-7 2 * * *",
    "*,5 2 * * *",
    "5,* 2 * * *",
    "1-59/2,*/2 2 * * *",
    "0 2 */2 * 1",
    "0 2 1,15 * 1",
    "0 2 31 2 1",
    "0 2 29 2 *",
    "0 2 29 2 */7",
    "0 2 30,31 2,3 *",
    "0 2 * jan *",
    "0 2 * JAN,feb,Mar-May *",
    "0 2 * 1-dec/3 *",
    "0 2 * * MON",
    "0 2 * * mon-fri",
    "0 2 * * Mon-5/2",
    "0 2 * * sun-sat",
    "0 2 * * 5-7",
    "0 2 * * 0-7",
    "0 2 * * 0-9/10",
    "@hourly",
    "@daily",
    "@midnight",
    "@weekly",
    "@monthly",
    "@yearly",
    "@annually",
    " @daily ",
)
"""What both accept."""

REFUSED: Final = (
    "0",
    "0 2 * *",
    "60 2 * * *",
    "0 24 * * *",
    "0 2 0 * *",
    "0 2 32 * *",
    "0 2 * 0 *",
    "0 2 * 13 *",
    "0 2 * * 8",
    "55-60 2 * * *",
    "0 2 * * -1",
    "*/0 * * * *",
    "*/-5 * * * *",
    "*/ * * * *",
    "5/10 * * * *",
    "*-5 * * * *",
    "** * * * *",
    "*5 * * * *",
    "1-2-3 * * * *",
    "1-10/2/2 * * * *",
    "1- * * * *",
    ", * * * *",
    "1, * * * *",
    ",1 * * * *",
    "1,,2 * * * *",
    "1, 2 * * * *",
    "5x * * * *",
    "*/5x * * * *",
    "1.5 * * * *",
    "+5 * * * *",
    "0x10 * * * *",
    "\u0665 * * * *",
    "0 2 ? * *",
    "0 2 L * *",
    "0 2 15W * *",
    "0 2 * * 5L",
    "0 2 * * 1#2",
    "0 2 * january *",
    "0 2 * mon *",
    "0 2 * * jan",
    "0 2 * * monday",
    "0 2 * * mo",
    "0 2 * * \u017fun",
    "0 2 * * */mon",
    "0 2 * * 1\r",
    "0 2 * * *\n",
    "0 2 * *\n*",
    "0 2 * * *%",
    "0 2\u00a0* * *",
    "@",
    "@Daily",
    "@dail",
    "@every 5m",
    "@daily@",
    "'0 2 * * *'",
    "reboot",
)
"""What both refuse."""

NEVER_DUE: Final = (
    "0 2 31 2 *",
    "0 2 30,31 feb *",
    "0 2 31 4,6,9,11 */2",
    "0 22-6 * * *",
    "0 22-0 * * *",
    "0 2,5-4 * * *",
    "0 2 * * fri-mon",
    "0 2 * * fri-sun",
    "0 2 * nov-feb *",
    "70-60 2 * * *",
)
"""What crontab accepts and never runs, wholly or in part."""

NOT_TO_BE_FORETOLD: Final = ("@reboot", "~ 2 * * *", "0~30 2 * * *", "0 2~ * * *", "0 ~4 * * *")
"""What crontab accepts and crond decides when it starts."""

NOT_ONLY_A_TIME: Final = (
    "0 2 * * * root",
    "0 2 * * * -n",
    "@daily root",
    "-0 2 * * *",
    "-@daily",
    "# 0 2 * * *",
    "A=b",
    "A = 0 2 * * *",
    "* * * * * true\n0 2 * * *",
    "\n0 2 * * *",
)
"""What root's crontab accepts with a command behind it, but reads as more than a time."""

TOO_LONG: Final = ("0000000000 2 * * *", "4294967298 2 * * *", "*/4294967297 2 * * *")
"""Numbers that are too long: crontab uses only their lowest 32 bits."""

EXCEPTIONS: Final = (*NEVER_DUE, *NOT_TO_BE_FORETOLD, *NOT_ONLY_A_TIME, *TOO_LONG)
"""What crontab accepts and the configuration refuses."""
