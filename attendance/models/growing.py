"""Tables whose rows are never changed and never removed."""

import pgtrigger


def only_grows(
    name: str, refused: pgtrigger.Operations = pgtrigger.Update | pgtrigger.Delete
) -> list[pgtrigger.Trigger]:
    """The triggers of a table that refuses these statements and is never emptied."""
    return [
        pgtrigger.Protect(name=f"{name}_only_grow", operation=refused),
        pgtrigger.Trigger(
            name=f"{name}_never_emptied",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION 'Cannot truncate %', TG_TABLE_NAME;",
        ),
    ]
