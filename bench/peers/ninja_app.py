"""Django Ninja over Django's ORM, served by gunicorn's threads."""

import os

os.environ["BENCH_URLS"] = __name__

from bench.peers import django_tables as tables  # noqa: I001  (configures Django)

from datetime import datetime
from uuid import UUID

from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from ninja import ModelSchema, NinjaAPI, Schema

api = NinjaAPI(openapi_url=None)


class VisitIn(Schema):
    household_id: UUID
    device_time: datetime
    place: str
    text: str


class VisitOut(ModelSchema):
    class Meta:
        model, fields = tables.Visit, tables.VISIT


class PageOut(Schema):
    items: list[VisitOut]


class MeasureOut(ModelSchema):
    class Meta:
        model, fields = tables.Measure, tables.MEASURE


@api.get("/visits/{id}", response=VisitOut)
def one(request, id: UUID):
    return tables.Visit.objects.get(**tables.PLACE, id=id)


@api.get("/visits", response=PageOut)
def page(request):
    return {"items": list(tables.Visit.objects.filter(**tables.PLACE).order_by("id")[:50])}


@api.post("/visits", response={201: VisitOut})
def add(request, body: VisitIn):
    with transaction.atomic():
        if (pairing := tables.paired(body.household_id)) is None:
            return HttpResponse(status=409)
        return 201, tables.Visit.objects.create(
            **tables.PLACE, helper_id=pairing.helper_id, visited_on=body.device_time.date(), **body.dict()
        )


@api.post("/plan-measures/{id}/start", response=MeasureOut)
def begin(request, id: UUID):
    with transaction.atomic():
        measure, status = tables.begun(id, request.headers.get("if-match"))
    return measure or HttpResponse(status=status)


urlpatterns = [path("v1/", api.urls)]
app = get_wsgi_application()
