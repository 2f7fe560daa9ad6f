from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class RostersRefusal(Refusal):
    """Base of the refusals of classes and students."""


class NotYourClass(RostersRefusal):
    code = "not_your_class"
    kind = Refusal.NOT_ALLOWED
    sentence = _("%(class_group)s不是您任课的班级。需要代为预约时，请联系学校管理员。")


class ClassExists(RostersRefusal):
    code = "class_exists"
    sentence = _("这个班级已经有了。")


class StageNotOfSchool(RostersRefusal):
    """The school has no classes of that stage. Facts: ``stage`` in words."""

    code = "stage_not_of_school"
    kind = Refusal.INVALID
    sentence = _("本校没有%(stage)s学段。需要增加时，请联系联盟秘书处。")


class NameMissing(RostersRefusal):
    code = "name_missing"
    kind = Refusal.INVALID
    sentence = _("请填 %(seat_no)s 号学生的姓名，最多 60 个字。")


class StudentNoTaken(RostersRefusal):
    code = "student_no_taken"
    sentence = _("学号 %(student_no)s 已在本校使用，请核对。")


class SeatTaken(RostersRefusal):
    code = "seat_taken"
    sentence = _("班里已有 %(seat_no)s 号，请换一个座号。")


class NotSchoolTeacher(RostersRefusal):
    code = "not_school_teacher"
    kind = Refusal.INVALID
    sentence = _("请在本校现有人员里选任课教师。")


class ImportOver(RostersRefusal):
    code = "import_over"
    sentence = _("这次导入已经结束，文件内容已删除。请重新选文件。")


class ImportNotRead(RostersRefusal):
    code = "import_not_read"
    sentence = _("文件还在读取，请稍等。")


class ImportHasRefusals(RostersRefusal):
    code = "import_has_refusals"
    sentence = _("文件里还有 %(count)d 处要改。请改好后重新导入。")


class ImportHasQuestions(RostersRefusal):
    code = "import_has_questions"
    sentence = _("还有 %(count)d 个问题没有回答。")


class AnswerWrong(RostersRefusal):
    code = "answer_wrong"
    kind = Refusal.INVALID
    sentence = _("“%(written)s”的回答不对：请选一个本校有的年级，班号 1 到 60。")


class DecisionWrong(RostersRefusal):
    code = "decision_wrong"
    kind = Refusal.INVALID
    sentence = _("第 %(row)d 行没有这个选项。")


class RosterChangedMeanwhile(RostersRefusal):
    code = "roster_changed_meanwhile"
    sentence = _("您看预览时，学生名单被别人改过。下面是新的预览，请再看一遍。")


class TooManyImports(RostersRefusal):
    code = "too_many_imports"
    sentence = _("已有 %(most)d 个文件等待确认。请先确认或放弃其中一个。")


class NothingToUndo(RostersRefusal):
    code = "nothing_to_undo"
    sentence = _("这次导入没有写入名单，或已经撤销。")


class UndoTooLate(RostersRefusal):
    code = "undo_too_late"
    sentence = _("导入已过 %(days)d 天，不能再撤销。请直接修改名单，或导入一份新的。")


class EditedSince(RostersRefusal):
    code = "edited_since"
    sentence = _("导入之后，其中的学生又有 %(count)d 处改动，不能撤销。请直接修改名单。")


class FileRefused(RostersRefusal):
    """A roster file that is not read at all. Its sentence says what to do with the file."""

    code = "file_refused"
    kind = Refusal.INVALID
    sentence = _("这个文件读不了。请在 Excel 或 WPS 里另存为 .xlsx 后再上传。")


class FileTooLarge(FileRefused):
    code = "file_too_large"
    sentence = _("文件超过 20 MB。请删去图片和不用的工作表，或按年级分成几个文件上传。")


class FileEmpty(FileRefused):
    code = "file_empty"
    sentence = _("文件里没有内容。请核对选的是不是名单文件。")


class FileKindUnknown(FileRefused):
    code = "file_kind_unknown"
    sentence = _("这不是表格文件。请上传 .xlsx、.xls、.ods、.csv 或 .txt 格式的名单。")


class FileEncrypted(FileRefused):
    code = "file_encrypted"
    sentence = _("文件设了打开密码。请在 Excel 或 WPS 里取消密码，另存后再上传。")


class FileHasMacros(FileRefused):
    code = "file_has_macros"
    sentence = _("文件里有宏。请另存为不带宏的 .xlsx 后再上传。")


class FileHasFormulas(FileRefused):
    code = "file_has_formulas"
    sentence = _("文件里有公式。请全选、复制，再“选择性粘贴”为数值，另存后再上传。")


class FileIsWebPage(FileRefused):
    code = "file_is_web_page"
    sentence = _("这是改了后缀的网页，不是表格。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。")


class FileIsNoSpreadsheet(FileRefused):
    code = "file_is_no_spreadsheet"
    sentence = _("这个 .et 文件里没有能读的表格。请在 WPS 里另存为 .xlsx 后再上传。")


class FileUnpacksTooLarge(FileRefused):
    code = "file_unpacks_too_large"
    sentence = _("文件展开后过大。请把名单复制到一个新的工作簿，另存为 .xlsx 后再上传。")


class FileBroken(FileRefused):
    code = "file_broken"
    sentence = _("文件已损坏。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。")


class FileHasTooManyRows(FileRefused):
    code = "file_has_too_many_rows"
    sentence = _("名单超过 20,000 行。请按年级分成几个文件上传。")


class HeaderMissing(FileRefused):
    code = "header_missing"
    sentence = _("没有找到表头。请让表头的一行里有“姓名”，最好也有“班级”和“学号”。")


def refusal_of_file(code: str, facts: dict[str, int]) -> str:
    """The sentence of a file that was refused whole, by the code that the import kept."""
    kinds: list[type[FileRefused]] = [FileRefused, *FileRefused.__subclasses__()]
    kind = next((kind for kind in kinds if kind.code == code), FileRefused)
    return str(kind(**facts))


class StudentGone(RostersRefusal):
    """The student left, was merged with another, or moved meanwhile."""

    code = "student_gone"
    sentence = _("这名学生已不在班里，请看过最新的名单再操作。")


class ClassNotThere(RostersRefusal):
    """A class of another school, an archived one, or the one the student is in."""

    code = "class_not_there"
    kind = Refusal.INVALID
    sentence = _("请选本校现有的另一个班级。")


class ClassNotOver(RostersRefusal):
    code = "class_not_over"
    sentence = _("%(class_group)s还没有毕业，不能归档。")


class SchoolUnsuitable(RostersRefusal):
    code = "school_unsuitable"
    kind = Refusal.INVALID
    sentence = _("请选联盟里的另一所学校。")


class TransferPending(RostersRefusal):
    code = "transfer_pending"
    sentence = _("这名学生正在等%(school)s接收，请先撤回。")


class TransferOver(RostersRefusal):
    code = "transfer_over"
    sentence = _("这次转学%(state)s，不能再改。")


class StudentNoUnclear(RostersRefusal):
    code = "student_no_unclear"
    kind = Refusal.INVALID
    sentence = _("学号只能是字母、数字和短横，最多 20 个，请勿填身份证号。")


class PhonesNotKept(RostersRefusal):
    code = "phones_not_kept"
    sentence = _("本校没有开启保存监护人电话。")


class PhoneUnclear(RostersRefusal):
    code = "phone_unclear"
    kind = Refusal.INVALID
    sentence = _("电话号码看不懂，请填 7 至 15 位数字。")


class PhoneMissing(RostersRefusal):
    code = "phone_missing"
    sentence = _("没有这名学生的监护人电话。")


class NeedTooLong(RostersRefusal):
    code = "need_too_long"
    kind = Refusal.INVALID
    sentence = _("请用不超过 %(most)d 个字写明。")


class BlockingNeedsRule(RostersRefusal):
    code = "blocking_needs_rule"
    kind = Refusal.INVALID
    sentence = _("不收同意书时，不能要求交齐才预约。")


class ConsentTextMissing(RostersRefusal):
    code = "consent_text_missing"
    kind = Refusal.INVALID
    sentence = _("请填写中文的同意书内容。")


class ReadReasonMissing(RostersRefusal):
    code = "read_reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明查看姓名的原因，学校会看到。")


class TextNamesStudent(RostersRefusal):
    code = "text_names_student"
    kind = Refusal.INVALID
    sentence = _("这段文字会长期保存，请勿写学生姓名，可写座号。")
