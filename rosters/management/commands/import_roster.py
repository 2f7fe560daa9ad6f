"""A roster file from the command line: the same importer as the page and the web API."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind
from accounts.errors import Refusal
from accounts.models import Organisation
from rosters.choices import ImportState
from rosters.differences import NEW, SKIP
from rosters.models import RosterImport
from rosters.parsing.shapes import ClassName
from rosters.services.imports import answering, confirming, ending, reading, starting
from rosters.services.imports.report import report


class Command(BaseCommand):
    help = (
        "Imports a school's roster file. Writes nothing while cells are refused or questions are"
        " open, and says which; answer them with --answers, or on the page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--school", required=True, help="the school's name or number")
        parser.add_argument("file", type=Path, help=".xlsx, .xls, .ods, .csv or .txt")
        parser.add_argument("--dry-run", action="store_true", help="show, write nothing")
        parser.add_argument("--json", action="store_true", help="print accepted rows, questions"
                            " and refusals as JSON")  # fmt: skip
        parser.add_argument(
            "--answers",
            type=Path,
            help='a JSON file: {"classes": {"7.1": [7, 10]}, "rows": {"12": "new"},'
            ' "keep_missing": false}; null or "skip" leaves rows out',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        school = _school(options["school"])
        content = _bytes_of(options["file"])
        answers = json.loads(_bytes_of(options["answers"])) if options["answers"] else {}
        try:
            row = starting.start(
                by=SYSTEM,
                school=school,
                content=content,
                suffix=options["file"].suffix,
                now=timezone.now(),
                in_background=False,
            )
            try:
                told, is_done = self._run(row, answers, is_trial=options["dry_run"])
            finally:
                _let_go(row)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            told["written"] = is_done
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder))
        else:
            self._tell(told, is_done)
        if told["state"] in (ImportState.REFUSED, ImportState.ASKING):
            raise SystemExit(1)

    def _run(
        self, row: RosterImport, answers: dict[str, Any], *, is_trial: bool
    ) -> tuple[dict[str, Any], bool]:
        """What the file says, and whether it was imported."""
        reading.read(import_id=row.pk, now=timezone.now())
        row.refresh_from_db()
        if row.is_open and answers:
            answering.answer(by=SYSTEM, roster_import=row, now=timezone.now(), **_given(answers))
            row.refresh_from_db()
        told = report(row)
        if is_trial or row.state != ImportState.READY:
            return told, False
        done = confirming.confirm(
            by=SYSTEM, roster_import=row, digest=told["digest"], now=timezone.now()
        )
        told["state"] = done.state
        return told, True

    def _tell(self, told: dict[str, Any], is_done: bool) -> None:
        if told["refusal"]:
            self.stdout.write(told["refusal"]["detail"])
        for one in told["refusals"]:
            self.stdout.write(f"{one['sheet']} {one['column']}{one['row']}: {one['detail']}")
        for one in told["questions"]:
            meant = " / ".join(f"{name['grade']}({name['number']})" for name in one["suggestions"])
            self.stdout.write(
                f"{one['first_sheet']} {one['first_row']}: which class is"
                f" “{one['written']}” ({one['rows']} rows)? {meant}"
            )
        for one in told["doubts"]:
            choices = [str(student["student"]) for student in one["students"]]
            choices += [NEW] if one["may_be_new"] else []
            self.stdout.write(
                f"{one['sheet']} {one['row']}: who is this? --answers rows"
                f" {one['index']}: {', '.join([*choices, SKIP])}"
            )
        numbers = ", ".join(f"{kind} {count}" for kind, count in told["counts"].items() if count)
        self.stdout.write(f"{'Imported' if is_done else 'Not imported'}: {numbers or 'nothing'}.")


def _school(text: str) -> Organisation:
    schools = Organisation.objects.filter(kind=OrganisationKind.SCHOOL)
    found = (
        schools.filter(pk=int(text)).first()
        if text.isascii() and text.isdecimal() and len(text) < 18
        else schools.filter(name=text).first()
    )
    if found is None:
        raise CommandError(f"There is no school {text}.")
    return found


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error


def _given(answers: dict[str, Any]) -> dict[str, Any]:
    try:
        return {
            "classes": {
                written: None if name in (None, SKIP) else ClassName(*map(int, name))
                for written, name in answers.get("classes", {}).items()
            },
            "rows": {
                int(index): decision if decision in (NEW, SKIP) else int(decision)
                for index, decision in answers.get("rows", {}).items()
            },
            "keep_missing": answers.get("keep_missing"),
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise CommandError("The answers are not as --help shows them.") from error


def _let_go(row: RosterImport) -> None:
    """Nothing of the file stays, whatever happened."""
    row.refresh_from_db()
    if row.is_open:
        ending.drop(by=SYSTEM, roster_import=row, now=timezone.now())
