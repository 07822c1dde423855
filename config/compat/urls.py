"""Where each product's doors are; their paths collide, so each has its own root."""

from django.urls import include, path

urlpatterns = [
    path("lago/", include("config.compat.lago.urls")),
    path("openmeter/", include("config.compat.openmeter.urls")),
]
