"""What comes in, checked for shape; what goes out. Names are for the school's coordinator."""

from typing import Any

from rest_framework import serializers

from rosters.differences import NEW, SKIP, Decision
from rosters.parsing.shapes import ClassName


class ClassNameSerializer(serializers.Serializer[Any]):
    """A class by grade (1-12) in this school year, and number."""

    grade = serializers.IntegerField(min_value=1, max_value=12)
    number = serializers.IntegerField(min_value=1, max_value=60)


class ImportInput(serializers.Serializer[Any]):
    """A roster file: .xlsx, .xls, .ods, .csv or .txt; 20 MB and 20,000 rows at most."""

    file = serializers.FileField(allow_empty_file=True)


class ClassAnswerInput(serializers.Serializer[Any]):
    """Which class ``written`` means; null leaves its rows out."""

    written = serializers.CharField(max_length=60)
    class_name = ClassNameSerializer(allow_null=True)


class RowAnswerInput(serializers.Serializer[Any]):
    """Who the row is: ``new``, ``skip``, or a student's id as text."""

    index = serializers.IntegerField(min_value=0, max_value=100_000)
    decision = serializers.RegexField(rf"^({NEW}|{SKIP}|[1-9][0-9]{{0,17}})$")


class AnswersInput(serializers.Serializer[Any]):
    classes = ClassAnswerInput(many=True, required=False, max_length=2_000)  # type: ignore[call-arg]
    rows = RowAnswerInput(many=True, required=False, max_length=20_000)  # type: ignore[call-arg]
    keep_missing = serializers.BooleanField(required=False, allow_null=True, default=None)

    def class_answers(self) -> dict[str, ClassName | None]:
        return {
            one["written"]: None if one["class_name"] is None else ClassName(**one["class_name"])
            for one in self.validated_data.get("classes", ())
        }

    def row_answers(self) -> dict[int, Decision]:
        return {
            one["index"]: one["decision"]
            if one["decision"] in (NEW, SKIP)
            else int(one["decision"])
            for one in self.validated_data.get("rows", ())
        }


class ConfirmationInput(serializers.Serializer[Any]):
    """``digest`` is that of the import as it was read; another roster meanwhile is refused."""

    digest = serializers.CharField(max_length=64)


class KnownStudentOutput(serializers.Serializer[Any]):
    student = serializers.IntegerField()
    name = serializers.CharField()
    student_no = serializers.CharField()
    class_name = ClassNameSerializer(allow_null=True)
    seat_no = serializers.IntegerField()


class ImportRowOutput(serializers.Serializer[Any]):
    """``change``: new, moved, renamed, edited, back, unchanged; or question, doubt."""

    index = serializers.IntegerField()
    sheet = serializers.CharField()
    row = serializers.IntegerField()
    name = serializers.CharField()
    student_no = serializers.CharField()
    class_name = ClassNameSerializer(allow_null=True)
    written = serializers.CharField()
    seat_no = serializers.IntegerField(allow_null=True)
    change = serializers.CharField()


class ClassQuestionOutput(serializers.Serializer[Any]):
    written = serializers.CharField()
    suggestions = ClassNameSerializer(many=True)
    first_sheet = serializers.CharField()
    first_row = serializers.IntegerField()
    rows = serializers.IntegerField()


class DoubtOutput(serializers.Serializer[Any]):
    """A row that may be several students; decide with ``rows`` of the answers."""

    index = serializers.IntegerField()
    sheet = serializers.CharField()
    row = serializers.IntegerField()
    name = serializers.CharField()
    students = KnownStudentOutput(many=True)
    may_be_new = serializers.BooleanField()
    like_row = serializers.IntegerField(allow_null=True)
    suggested = serializers.CharField(allow_null=True)
    leave_out = serializers.CharField()


class CellRefusalOutput(serializers.Serializer[Any]):
    sheet = serializers.CharField()
    row = serializers.IntegerField()
    column = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class FileRefusalOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()


class ImportOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    state = serializers.CharField()
    made_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    rows_read = serializers.IntegerField()
    rows_total = serializers.IntegerField()
    digest = serializers.CharField()
    accepted = serializers.IntegerField()
    rows = ImportRowOutput(many=True)
    left = KnownStudentOutput(many=True)
    questions = ClassQuestionOutput(many=True)
    doubts = DoubtOutput(many=True)
    refusals = CellRefusalOutput(many=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    new_classes = ClassNameSerializer(many=True)
    keep_missing = serializers.BooleanField()
    refusal = FileRefusalOutput(allow_null=True)


class ImportSummaryOutput(serializers.Serializer[Any]):
    """Without what the file says."""

    id = serializers.IntegerField()
    state = serializers.CharField()
    made_at = serializers.DateTimeField()
    rows_read = serializers.IntegerField()
    rows_total = serializers.IntegerField()
