from django.contrib.auth.views import LogoutView
from django.urls import path

from transcription import views

urlpatterns = [
    path("", views.hearings, name="hearings"),
    path("hearings/<slug:slug>/", views.hearing, name="hearing"),
    path("hearings/<slug:slug>/progress", views.progress, name="progress"),
    path("hearings/<slug:slug>/retry/<int:pk>", views.retry, name="retry"),
    path("hearings/<slug:slug>/recording", views.recording, name="recording"),
    path("hearings/<slug:slug>/transcript.<str:format>", views.transcript, name="transcript"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
]
