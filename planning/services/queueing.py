"""Handing a plan over to the cluster that works on plans."""

from functools import partial

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

CLUSTER = "planning"


def hand_over(task: str, plan_id: int) -> None:
    """The cluster runs ``planning.tasks.<task>`` for the plan: by a row of this transaction, or
    with Redis after it."""
    call = partial(async_task, f"planning.tasks.{task}", plan_id, cluster=CLUSTER)
    if settings.REDIS_URL:
        transaction.on_commit(call)
    else:
        call()
