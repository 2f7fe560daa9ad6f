"""Which class and glyph shows which state: the word beside it always says it too."""

# Status values of ours and the kind of mark each is shown with; its word is the status's own.
STATUS_KINDS = {
    "requested": "pend",
    "waiting": "pend",
    "asked": "pend",
    "in_review": "eye",
    "confirmed": "conf",
    "approved": "conf",
    "accepted": "conf",
    "published": "conf",
    "sent": "ok",
    "declined": "canc",
    "expired": "canc",
    "cancelled": "canc",
    "superseded": "canc",
    "withdrawn": "canc",
    "revoked": "canc",
    "closed": "exc",
    "scheduled": "soon",
    "expected": "soon",
    "present": "pres",
    "checked_in": "pres",
    "checked_out": "out",
    "late": "late",
    "left_early": "late",
    "absent": "abs",
    "excused": "exc",
    "returned": "warn",
    "failed": "bad",
}
# Kind: (class that gives colour and border, glyph of the sprite or nothing).
STATE_LOOKS = {
    "pend": ("pend", "s-pend"),
    "conf": ("conf", "s-conf"),
    "wait": ("wait", "s-wait"),
    "canc": ("canc", "s-canc"),
    "pres": ("pres", "s-pres"),
    "late": ("late", "s-late"),
    "abs": ("abs", "s-abs"),
    "exc": ("exc", "s-exc"),
    "draft": ("exc", "s-draft"),
    "eye": ("pend", "s-eye"),
    "out": ("conf", "s-out"),
    "split": ("warn", "s-split"),
    "warn": ("warn", "s-warn"),
    "bad": ("bad", "s-warn"),
    "ok": ("ok", "s-pres"),
    "soon": ("exc", "s-late"),
    "info": ("plain", ""),
}
NOTE_ICONS = {"info": "info", "warn": "warn", "bad": "warn", "ok": "check"}
BUTTON_CLASSES = {
    "primary": "btn-primary",
    "second": "btn-outline-primary",
    "quiet": "btn-link",
    "danger": "btn-outline-danger",
    "danger-solid": "btn-danger",
}
# A seat on the door desk: mark or attendance state, and the class that draws it.
SEAT_MARKS = {
    "": "",
    "expected": "",
    "in": "in",
    "present": "in",
    "late": "late",
    "left_early": "late",
    "abs": "abs",
    "absent": "abs",
    "exc": "exc",
    "excused": "exc",
}
SEAT_GLYPHS = {"in": "s-pres", "late": "s-late", "abs": "s-abs", "exc": "s-exc"}
# Of whoever was seen leaving, however she came.
SEAT_LEFT = "s-out"
DIM_CLASSES = {"pass": "y", "fix": "f", "fail": "n", "": ""}
