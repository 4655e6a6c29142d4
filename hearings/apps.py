from django.apps import AppConfig


class HearingsConfig(AppConfig):
    name = "hearings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hearings import checks  # noqa: F401 (registers the system checks)
