"""Proofs with real processes and real time: a tenth by default, all of it with PROOF=full."""
