"""System checks for what *transcription* needs from its host."""
