"""Where each skin is mounted."""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import JavaScriptCatalog, set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config.health import healthz, readyz

handler404 = "subscriptions.portal.not_found"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("i18n/setlang/", set_language, name="set_language"),
    path("accounts/", include("allauth.urls")),
    path("admin/jsi18n/", JavaScriptCatalog.as_view(), name="admin_texts"),  # with our own locale folder
    path("admin/", admin.site.urls),
    path("api/openapi.yaml", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api_docs"),
    path("api/v1/", include("plans.api_urls")),
    path("api/v1/", include("subscriptions.api_urls")),
    path("api/v1/", include("usage.api_urls")),
    path("api/v1/", include("billing.api_urls")),
    path("compat/", include("config.compat.urls")),
    path("", include("plans.urls")),
    path("", include("subscriptions.urls")),
    path("", include("usage.urls")),
    path("", include("billing.urls")),
]
