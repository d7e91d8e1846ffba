"""Django REST framework over Django's ORM, served by gunicorn's threads."""

import os

os.environ["BENCH_URLS"] = __name__

from bench.peers import django_tables as tables  # noqa: I001  (configures Django)

from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.urls import path
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView


class VisitSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = tables.Visit, tables.VISIT


class VisitIn(serializers.Serializer):
    household_id = serializers.UUIDField()
    device_time = serializers.DateTimeField()
    place = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=4000)


class MeasureSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = tables.Measure, tables.MEASURE


class One(generics.RetrieveAPIView):
    queryset = tables.Visit.objects.filter(**tables.PLACE)
    serializer_class = VisitSerializer
    lookup_field = "id"


class Visits(APIView):
    def get(self, request):
        found = tables.Visit.objects.filter(**tables.PLACE).order_by("id")[:50]
        return Response({"items": VisitSerializer(found, many=True).data})

    def post(self, request):
        body = VisitIn(data=request.data)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            if (pairing := tables.paired(body.validated_data["household_id"])) is None:
                return Response(status=409)
            visited = body.validated_data["device_time"].date()
            made = tables.Visit.objects.create(
                **tables.PLACE, helper_id=pairing.helper_id, visited_on=visited, **body.validated_data
            )
        return Response(VisitSerializer(made).data, status=201)


class Begin(APIView):
    def post(self, request, id):
        with transaction.atomic():
            measure, status = tables.begun(id, request.headers.get("if-match"))
        return Response(MeasureSerializer(measure).data) if measure else Response(status=status)


urlpatterns = [
    path("v1/visits/<uuid:id>", One.as_view()),
    path("v1/visits", Visits.as_view()),
    path("v1/plan-measures/<uuid:id>/start", Begin.as_view()),
]
app = get_wsgi_application()
