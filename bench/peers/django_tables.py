"""Django's side of both its frameworks: settings and models over the tables that are there."""

import os
import uuid
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

PLACE = {"county_code": "411421", "township_code": "411421201"}
url = urlsplit(os.environ["HUAYUAN_DATABASE_URL"])
settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=os.environ["BENCH_URLS"],
    USE_TZ=True,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path.lstrip("/"),
            "USER": url.username or "postgres",
            "HOST": parse_qs(url.query).get("host", [url.hostname])[0],
            "CONN_MAX_AGE": None,
        }
    },
)
django.setup()

from django.db import models  # noqa: E402  (only after settings)


class Row(models.Model):
    county_code = models.TextField()
    township_code = models.TextField()
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=lambda: datetime.now(UTC))

    class Meta:
        abstract = True


class Visit(Row):
    fingerprint = models.TextField(default="")
    helper_id = models.UUIDField()
    household_id = models.UUIDField()
    visited_on = models.DateField()
    device_time = models.DateTimeField()
    received_at = models.DateTimeField(default=lambda: datetime.now(UTC))
    clock = models.TextField(default="device")
    received_later = models.BooleanField(default=False)
    place = models.TextField()
    text = models.TextField()

    class Meta:
        app_label, db_table, managed = "bench", "visits", False


class Pairing(Row):
    household_id = models.UUIDField()
    helper_id = models.UUIDField()
    starts = models.DateField()
    ends = models.DateField(null=True)

    class Meta:
        app_label, db_table, managed = "bench", "pairings", False


class Measure(Row):
    state = models.TextField()
    state_since = models.DateTimeField()
    plan_id = models.UUIDField()
    household_id = models.UUIDField()
    text = models.TextField()
    due_on = models.DateField()
    done_on = models.DateField(null=True)
    result = models.TextField(null=True)

    class Meta:
        app_label, db_table, managed = "bench", "plan_measures", False


VISIT = (
    "township_code", "id", "version", "created_at", "helper_id", "household_id", "visited_on", "device_time",
    "received_at", "clock", "received_later", "place", "text",
)  # fmt: skip
MEASURE = (
    "township_code", "id", "version", "created_at", "state", "state_since", "plan_id", "household_id", "text", "due_on",
    "done_on", "result",
)  # fmt: skip


def paired(household):
    """Who helps the household today, or None."""
    today = datetime.now(UTC).date()
    held = models.Q(ends__isnull=True) | models.Q(ends__gt=today)
    return Pairing.objects.filter(held, **PLACE, household_id=household, starts__lte=today).first()


def begun(id, seen):
    """The measure under way and None, or None and the status that says why not; inside a transaction."""
    measure = Measure.objects.select_for_update().filter(**PLACE, id=id).first()
    if measure is None:
        return None, 404
    if f'"{measure.version}"' != seen:
        return None, 412
    if measure.state != "planned":
        return None, 409
    measure.state, measure.state_since, measure.version = "under_way", datetime.now(UTC), measure.version + 1
    measure.save(update_fields=["state", "state_since", "version"])
    return measure, None
