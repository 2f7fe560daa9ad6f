"""After the clients: what got no answer is asked again, and the queue runs empty by itself."""

import time
from collections import Counter

from django.utils import timezone
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from bench.race.by_http import Told, reserved
from bench.race.clients import Notes
from bench.race.servers import Servers
from bookings.models import Reservation
from notifications.choices import DeliveryState
from notifications.models import Delivery

# A task that a killed worker held comes back after three minutes, or the sweep finds its row.
PATIENCE = 300.0


def ask_again(notes: Notes, servers: Servers) -> Counter[str]:
    """As clients do: with the same key. What became of it, how often."""
    became: Counter[str] = Counter()
    for key, (school, asked) in list(notes.unanswered.items()):
        made = Reservation.objects.filter(idempotency_key=key).first()
        if asked is None:
            became["basket: was made" if made else "basket: was not made"] += 1
        else:
            try:
                answer = reserved(servers.port, school, asked, key)
            except Told as refusal:
                became[f"refused now: {refusal.code}"] += 1
                if made:
                    notes.wrong.append(f"reservation {made.pk} was made, and its key is refused")
            else:
                notes.confirmed[key] = answer
                became["had been made" if made else "made now"] += 1
        del notes.unanswered[key]
    return became


def queue_runs_empty() -> list[str]:
    """Findings; prints how long it took. The cluster answers to a task, and does all that waits:
    mails too whose worker was killed."""
    begun = time.monotonic()
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING).count()
    probe = async_task("notifications.tasks.sweep")
    answered = None
    while time.monotonic() - begun < PATIENCE:
        if answered is None and Task.objects.filter(pk=probe).exists():
            answered = time.monotonic() - begun
        left = Delivery.objects.filter(state=DeliveryState.WAITING).count()
        if answered is not None and not left:
            break
        time.sleep(0.5)
    took = time.monotonic() - begun
    said = "never" if answered is None else f"after {answered:.1f} s"
    print(f"  queue: {waiting} mails waited, {left} left after {took:.0f} s; a task ran {said}")
    found = [f"{left} mails never left"] if left else []
    if answered is None:
        found.append("the cluster did not run a task")
    overdue = OrmQ.objects.filter(lock__lt=timezone.now()).count()
    if overdue and left:
        found.append(f"{overdue} tasks that nobody takes")
    return found
