"""The Celery application; queues and the schedule are in `billing_project.schedule`."""

import os

from celery import Celery

from billing_project import schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_project.settings")

app = Celery("retel")
# The current application is a thread's own; threads of the web server need the default too.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(beat_schedule=schedule.BEAT, task_routes=schedule.ROUTES)
app.autodiscover_tasks()
