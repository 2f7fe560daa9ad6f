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
