"""How well a transcript has what was said, when it was said, and nothing else."""

from transcription.evaluation.comparison import WordErrors, errors_by_word, word_errors
from transcription.evaluation.exported import Heard, heard_in, text_of_export
from transcription.evaluation.figures import Figures, figures_of
from transcription.evaluation.reference import Reference, names_in, reference_in
from transcription.evaluation.seam_errors import Errors, SeamErrors, words_near_seams
from transcription.evaluation.texts import NotComparable

__all__ = [
    "Errors",
    "Figures",
    "Heard",
    "NotComparable",
    "Reference",
    "SeamErrors",
    "WordErrors",
    "errors_by_word",
    "figures_of",
    "heard_in",
    "names_in",
    "reference_in",
    "text_of_export",
    "word_errors",
    "words_near_seams",
]
