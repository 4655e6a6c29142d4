from django.contrib import admin
from django.urls import include, path

from transcription import health_views, storage_views

urlpatterns = [
    path("admin/health/", admin.site.admin_view(health_views.page), name="health"),
    path("admin/health/now/", admin.site.admin_view(health_views.standing), name="health_now"),
    path("admin/storage/", admin.site.admin_view(storage_views.page), name="storage"),
    path("admin/storage/now/", admin.site.admin_view(storage_views.standing), name="storage_now"),
    path("admin/storage/check/", admin.site.admin_view(storage_views.check), name="storage_check"),
    path(
        "admin/storage/repair/", admin.site.admin_view(storage_views.repair), name="storage_repair"
    ),
    path("admin/", admin.site.urls),
    path("healthz", health_views.healthz, name="healthz"),
    path("metrics", health_views.metrics_text, name="metrics"),
    path("", include("transcription.urls")),
]
