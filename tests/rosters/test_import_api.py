"""Roster imports over the web API and from the command line: the same importer."""

import json
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.actors import Actor
from accounts.models import AuditEntry
from accounts.services import tokens
from rosters import tasks
from rosters.choices import ImportState
from rosters.models import RosterImport, Student
from tests.factories.accounts import MembershipFactory, actor_of
from tests.rosters.conftest import School
from tests.rosters.imports import HEAD, students
from tests.rosters.test_imports import ID_CARD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_machine_at_now")]

API = "/api/v1/rosters/imports/"


@pytest.fixture
def empty(school: School) -> School:
    Student.objects.all().delete()
    return school


class Caller:
    """A client with a key of the actor's."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        _token, secret = tokens.issue(by=actor, label="import", now=now)
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.client = Client()

    def upload(self, text: str, name: str = "a.csv") -> Any:
        file = SimpleUploadedFile(name, (HEAD + text).encode())
        return self.client.post(API, {"file": file}, headers=self.headers)

    def post(self, path: str, data: object) -> Any:
        return self.client.post(
            API + path, json.dumps(data), content_type="application/json", headers=self.headers
        )

    def get(self, path: str = "") -> Any:
        return self.client.get(API + path, headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(API + path, headers=self.headers)


@pytest.fixture
def caller(empty: School, now: datetime) -> Caller:
    return Caller(empty.coordinator, now)


def read(response: Any) -> int:
    pk: int = response.json()["id"]
    tasks.read_import(pk)
    return pk


def test_a_file_is_taken_read_and_confirmed(caller: Caller, empty: School) -> None:
    sent = caller.upload("王雨,7(3),701,1\n陈一,7(4),702,\n")
    waiting = caller.get(f"{sent.json()['id']}/").json()
    pk = read(sent)
    shown = caller.get(f"{pk}/").json()
    done = caller.post(f"{pk}/confirm/", {"digest": shown["digest"]})

    assert (sent.status_code, sent["Location"]) == (202, f"{API}{pk}/")
    assert (waiting["state"], waiting["accepted"], waiting["rows"]) == ("waiting", 0, [])
    assert (shown["state"], shown["accepted"]) == ("ready", 2)
    assert shown["rows"][1] == {
        "index": 1,
        "sheet": "",
        "row": 3,
        "name": "陈一",
        "student_no": "702",
        "class_name": {"grade": 7, "number": 4},
        "written": shown["rows"][1]["written"],
        "seat_no": 1,
        "change": "new",
    }
    assert shown["new_classes"] == [{"grade": 7, "number": 4}]
    assert (done.status_code, done.json()["state"], done.json()["counts"]["new"]) == (
        200, "confirmed", 2,
    )  # fmt: skip
    assert students(empty) == [(3, "王雨", "701", 1), (4, "陈一", "702", 1)]
    read_names = AuditEntry.objects.filter(facts__context="import_api")
    assert [entry.facts["count"] for entry in read_names] == [2]


def test_questions_and_doubts_are_answered(caller: Caller, empty: School) -> None:
    pk = read(caller.upload("张伟,7.1,,\n张伟,7.1,,\n"))
    asked = caller.get(f"{pk}/").json()
    [question] = asked["questions"]
    early = caller.post(f"{pk}/confirm/", {"digest": asked["digest"]})
    class_name = {"grade": 7, "number": 10}
    doubtful = caller.post(
        f"{pk}/answers/",
        {"classes": [{"written": question["written"], "class_name": class_name}]},
    ).json()
    wrong = caller.post(f"{pk}/answers/", {"rows": [{"index": 0, "decision": "999"}]})
    ready = caller.post(
        f"{pk}/answers/",
        {"rows": [{"index": 0, "decision": "new"}, {"index": 1, "decision": "skip"}]},
    ).json()

    assert [row["change"] for row in asked["rows"]] == ["question", "question"]
    assert (early.status_code, early.json()["code"]) == (409, "import_has_questions")
    assert [doubt["like_row"] for doubt in doubtful["doubts"]] == [3, 2]
    assert (wrong.status_code, wrong.json()["code"]) == (422, "decision_wrong")
    assert (ready["state"], ready["accepted"]) == ("ready", 1)


def test_refusals_are_told_and_nothing_of_the_cell(caller: Caller) -> None:
    pk = read(caller.upload(f"王雨,7(3),{ID_CARD},1\n李子涵,7(3),702,2\n"))

    told = caller.get(f"{pk}/")

    assert told.json()["refusals"] == [
        {
            "sheet": "",
            "row": 2,
            "column": "C",
            "code": "id_card",
            "detail": "这里有身份证号。本平台不收身份证号，请删去。",
        }
    ]
    assert [row["name"] for row in told.json()["rows"]] == ["李子涵"]
    assert ID_CARD not in told.content.decode()


def test_a_file_refused_whole_says_why(caller: Caller) -> None:
    file = SimpleUploadedFile("a.xls", b"<html></html>")
    sent = caller.client.post(API, {"file": file}, headers=caller.headers)

    told = caller.get(f"{read(sent)}/").json()

    assert (told["state"], told["refusal"]["code"]) == ("refused", "file_is_web_page")


def test_dropping_forgets_the_file(caller: Caller) -> None:
    pk = read(caller.upload("王雨,7(3),701,1\n"))

    assert caller.delete(f"{pk}/").status_code == 204
    assert caller.get(f"{pk}/").json()["state"] == "dropped"
    assert RosterImport.objects.get().reading is None


def test_only_the_schools_coordinator_meets_imports(
    caller: Caller, empty: School, now: datetime
) -> None:
    pk = read(caller.upload("王雨,7(3),701,1\n"))
    teacher = Caller(empty.teacher, now)
    stranger = Caller(actor_of(MembershipFactory(coordinator=True)), now)

    assert teacher.upload("王雨,7(3),701,1\n").status_code == 403
    assert [one.get(f"{pk}/").status_code for one in (teacher, stranger)] == [404, 404]
    assert [one.get().json()["results"] for one in (teacher, stranger)] == [[], []]
    assert [one["id"] for one in caller.get().json()["results"]] == [pk]


# ── the command ──


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("import_roster", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "roster.csv"


def test_the_command_imports(empty: School, file: Path) -> None:
    file.write_text(HEAD + "王雨,7(3),701,1\n", encoding="utf-8")

    said = run("--school", empty.organisation.name, file)

    assert said == "Imported: new 1.\n"
    assert students(empty) == [(3, "王雨", "701", 1)]


def test_a_dry_run_shows_and_writes_nothing(empty: School, file: Path) -> None:
    file.write_text(HEAD + "王雨,7(3),701,1\n", encoding="utf-8")

    told = json.loads(run("--school", empty.organisation.pk, file, "--dry-run", "--json"))

    assert (told["state"], told["written"], told["accepted"]) == ("ready", False, 1)
    assert students(empty) == []
    assert RosterImport.objects.get().state == ImportState.DROPPED


def test_the_command_asks_and_takes_answers(empty: School, file: Path, tmp_path: Path) -> None:
    file.write_text(HEAD + "王雨,7.1,701,1\n", encoding="utf-8")
    answers = tmp_path / "answers.json"
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("import_roster", "--school", empty.organisation.pk, str(file), stdout=out)
    answers.write_text('{"classes": {"7.1": [7, 10]}}', encoding="utf-8")

    said = run("--school", empty.organisation.pk, file, "--answers", answers)

    assert "which class is “7.1” (1 rows)? 7(1) / 7(10)" in out.getvalue()
    assert said == "Imported: new 1.\n"
    assert students(empty) == [(10, "王雨", "701", 1)]
    assert not RosterImport.objects.open().exists()


def test_the_command_lists_refused_cells(empty: School, file: Path) -> None:
    file.write_text(HEAD + f"王雨,7(3),{ID_CARD},1\n", encoding="utf-8")
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("import_roster", "--school", empty.organisation.pk, str(file), stdout=out)

    assert " C2: 这里有身份证号。" in out.getvalue()
    assert not RosterImport.objects.open().exists()


@pytest.mark.parametrize("school", ["没有这所学校", "999999"])
def test_the_command_knows_schools_only(empty: School, file: Path, school: str) -> None:
    file.write_text(HEAD, encoding="utf-8")

    with pytest.raises(CommandError, match="There is no school"):
        run("--school", school, file)
