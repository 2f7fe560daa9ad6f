"""Why rows of students are not merged, erased or taken back, and days not sealed."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from attendance.errors.refusal import AttendanceRefusal


class ImportBuiltUpon(AttendanceRefusal):
    """A roster import that cannot be undone: students it brought or moved are in use."""

    code = "import_built_upon"
    sentence = _("导入之后已经用上这份名单：%(what)s。请不要撤销，直接修改名单。")


class NotOneChild(AttendanceRefusal):
    """Two rows that cannot be one student: another school's, merged already, or left."""

    code = "not_one_child"
    sentence = _("这两名学生不能合并，请看过最新的名单再选。")


class ConfirmationWrong(AttendanceRefusal):
    code = "confirmation_wrong"
    kind = Refusal.INVALID
    sentence = _("请照原样输入这名学生的姓名，以免删错。")


class AlreadyErased(AttendanceRefusal):
    code = "already_erased"
    sentence = _("这名学生的个人数据已经删除。")


class TransactionsOpen(AttendanceRefusal):
    """Somebody may still write into a day that is to be sealed."""

    code = "transactions_open"
    sentence = _("还有没写完的记录，暂时不能封存，稍后会自动再试。")
