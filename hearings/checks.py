"""System checks for what *hearings* needs from its host."""
