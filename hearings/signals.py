"""The messages that *hearings* sends upward."""

from django.dispatch import Signal

hearing_accepted = Signal()
# Sent with ``hearing`` once its recording passed the checks.
# A receiver may prepare; it never spends.

recording_leaving = Signal()
# Sent with ``hearing``, whose row is held, in the transaction in which its recording goes, alone or
# with the hearing. A receiver takes away what it made from it, or raises `removal.InUse`.
