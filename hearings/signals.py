"""The one message that *hearings* sends upward."""

from django.dispatch import Signal

hearing_accepted = Signal()
# Sent with ``hearing`` once its recording passed the checks.
# A receiver may prepare; it never spends.
