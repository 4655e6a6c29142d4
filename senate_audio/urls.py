from django.contrib import admin
from django.urls import include, path

from transcription import health_views

urlpatterns = [
    path("admin/health/", admin.site.admin_view(health_views.page), name="health"),
    path("admin/health/now/", admin.site.admin_view(health_views.standing), name="health_now"),
    path("admin/", admin.site.urls),
    path("healthz", health_views.healthz, name="healthz"),
    path("metrics", health_views.metrics_text, name="metrics"),
    path("", include("transcription.urls")),
]
