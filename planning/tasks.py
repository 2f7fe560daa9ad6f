"""What the cluster runs for this app."""

from django.utils import timezone

from planning.services import carrying_out, publishing, retention, running, wish_reminders


def solve(plan_id: int) -> str:
    """Returns the state that the plan is in then."""
    return running.run_plan(plan_id)


def publish(plan_id: int) -> dict[str, int]:
    """Returns how many classes are in each state."""
    return publishing.publish_classes(plan_id)


def undo(plan_id: int) -> dict[str, int]:
    """Returns how many classes are in each state."""
    return publishing.undo_classes(plan_id)


def take_up_again() -> int:
    """Once a minute: what was calculated, published or undone when its process died goes on."""
    now = timezone.now()
    return carrying_out.take_up_again(now=now) + running.take_up_again(now=now)


def send_due_wish_reminders() -> int:
    return wish_reminders.send_due_reminders(now=timezone.now())


def retain() -> dict[str, int]:
    """Once a night; returns how many rows of each kind are gone."""
    outcomes = retention.retain(now=timezone.now())
    return {outcome.code: outcome.rows for outcome in outcomes}
