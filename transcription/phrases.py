"""What a text shows by itself: stock phrases of speech models, and the language it is in. Pure.

Speech models learnt from films and videos with subtitles, so over silence and noise they write
what stands there when nobody speaks: who made the subtitles, thanks for watching, a request to
subscribe (collected by Whisper's users at https://github.com/openai/whisper/discussions/928).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_UNSPACED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"})
# Scripts that put no space between words: each letter counts as a token.
_LETTERS_OF_SOUND = {"CJK": 3.0, "HIRAGANA": 3.0, "KATAKANA": 3.0, "HANGUL": 3.0} | {
    "HEBREW": 1.3,
    "ARABIC": 1.3,
}
# How many Latin letters take as long to say as one of these: syllables, and no vowels written.
_LETTERS_PER_DIGIT = 4.0
# “2150” is said “twenty-one fifty”.

CREDITS = (
    *("subtitles by", "subtitled by", "subtitles created by", "subtitling by", "captions by"),
    *("captioning by", "captioned by", "closed captioning", "closed captions by", "transcript by"),
    *("transcription by castingwords", "transcribed by", "translation by", "translated by"),
    *("untertitel von", "untertitel der", "untertitel im auftrag", "untertitelung"),
    *("sous titres", "sous titrage", "sous titre", "subtitulos", "subtitulado por"),
    *("legendas", "legendado por", "legenda por", "sottotitoli", "ondertitels", "ondertiteld"),
    *("ondertiteling", "napisy", "titulky", "undertekster", "undertexter", "tekstet av", "altyazi"),
    *("субтитры", "редактор субтитров", "продолжение следует", "字幕", "中文字幕", "자막"),
)
# How a sentence begins that names who made the subtitles.
CREDITED = ("amara org", "steamteamextra", "opensubtitles")
# Who made them, wherever in a sentence.
SIGN_OFFS = (
    *("thanks for watching", "thank you for watching", "thank you so much for watching"),
    *("thank you very much for watching", "thanks for listening", "please subscribe"),
    *("subscribe to", "like and subscribe", "don't forget to subscribe", "don't forget to like"),
    *("see you in the next video", "i'll see you in the next", "see you next time"),
    *("vielen dank furs zuschauen", "danke furs zuschauen", "bis zum nachsten mal"),
    *("merci d'avoir regarde", "abonnez vous", "n'oubliez pas de vous abonner"),
    *("gracias por ver", "suscribete", "no olvides suscribirte", "obrigado por assistir"),
    *("inscreva se", "se inscreva no canal", "grazie per aver guardato", "grazie per la visione"),
    *("iscrivetevi al canale", "bedankt voor het kijken", "tot de volgende keer"),
    *("dziekuje za ogladanie", "izlediginiz icin tesekkur", "abone olmay", "спасибо за просмотр"),
    *("подписывайтесь на канал", "ご視聴ありがとう", "チャンネル登録", "请不吝点赞", "請不吝點贊"),
    *("謝謝觀看", "谢谢观看", "시청해 주셔서 감사", "시청해주셔서 감사", "구독과 좋아요"),
)
# How a sentence begins that ends a video. At the end of a broadcast a person may say it.
FILLERS = frozenset(
    {
        *(
            "thank you",
            "thanks",
            "thank you very much",
            "thank you so much",
            "you",
            "bye",
            "bye bye",
        ),
        *("okay", "oh", "yeah", "so", "the", "i", "hmm", "um", "mm", "uh"),
        *("danke", "vielen dank", "tschuss", "ja", "merci", "au revoir", "oui", "gracias"),
        *("muchas gracias", "adios", "si", "obrigado", "obrigada", "tchau", "grazie", "ciao"),
        *("dank u wel", "dank je wel", "doei", "diolch", "diolch yn fawr", "dziekuje", "tack"),
        *("спасибо", "пока", "ありがとうございました", "おやすみなさい", "はい", "谢谢", "謝謝"),
        *("감사합니다", "네"),
    }
)
# Whole sentences that people do say, and models say to silence.
SOUNDS = frozenset(
    {
        *("music", "musik", "musique", "música", "musica", "muziek", "muzyka", "музыка", "音楽"),
        *("applause", "applaus", "beifall", "applaudissements", "aplausos", "applausi"),
        *("laughter", "laughs", "lachen", "rires", "risas", "risos", "risate", "aplauso"),
        *("silence", "blank", "audio", "inaudible", "noise", "gavel", "foreign", "language"),
        *("speaking", "in", "no", "speech", "playing", "background", "sound", "coughing"),
    }
)
# What may stand in brackets instead of words.

FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to in that is for it with was as on be are this have from by not or we "
        "you they i will would there what which an our has had been were do your my at but if can "
        "so all he she his who their about me us am it's that's aye nay yes no mr senator here",
        "es": "el la los las de del que y en un una por con para se su es lo como más pero sus le "
        "ya este está porque muy sin sobre también hay todo nos esta son ha fue yo señor senador",
        "fr": "le la les de des du et en un une que qui est pour pas dans ce il elle sur au aux "
        "par plus ne se sont avec nous vous je mais ou cette ont été c'est d'un qu'il monsieur oui",
        "de": "der die das und ist nicht ein eine zu den dem des mit von auf für im sich wir ich "
        "sie es auch als an werden aus bei nach wie dass oder aber haben einen einer zum hat herr",
        "pt": "o a os as de do da dos das que e em um uma para com não por se no na mais como mas "
        "ao foi é são ou ele ela isso nos pelo pela tem muito já também está senhor senador sim",
        "it": "il lo la i gli le di del della dei che e in un una per con non si è sono da al alla "
        "come ma più anche ha questo questa nel nella su ci noi ho delle essere signor senatore",
        "nl": "de het een en van is dat niet op te zijn voor met die in er aan ook als maar om bij "
        "naar hebben wij ik je deze dit wordt door over heeft meneer worden nog wat ze",
        "cy": "y yr yn mae i o a ar wedi bod ei eu hynny oedd fod ond gan am ac sydd rwy i'r o'r "
        "a'r yw na nad fel iawn hyn gyda bydd dim mewn ein mae'r mae'n rwy'n sy'n cael "
        "heddiw ni chi nhw roedd wneud",
        "pl": "i w na z do że się nie to jest jak o po ale za od co tak przez dla przy być są są "
        "ma jego tego tym już tylko czy ten też pan który która jako może",
        "sv": "och att det som en i är på av för med den till inte har de ett om vi jag kan men "
        "var så från eller när ska också här detta",
        "da": "og at det som en i er på af for med den til ikke har de et om vi jeg kan men var så "
        "fra eller når skal også her dette",
        "tr": "ve bir bu da de için çok ile ne var ben o daha olarak gibi ama kadar olan değil "
        "sonra biz her şey mi en ki bunu",
    }.items()
}
# The commonest words of a language; with what is said in a roll call, which has little else.
_WRITTEN_IN = {
    "LATIN": (*FUNCTION_WORDS, "ca", "cs", "et", "fi", "hr", "hu", "id", "lt", "lv", "no", "ro"),
    "CYRILLIC": ("ru", "uk", "be", "bg", "mk"),
    "ARABIC": ("ar", "fa", "ur"),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "CJK": ("zh", "ja", "ko"),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "HANGUL": ("ko",),
    "GREEK": ("el",),
    "HEBREW": ("he",),
    "THAI": ("th",),
}
# Languages by Unicode's name of their script; no others are judged by it.

_STRETCH = 30
# Words that are judged together.
_SPEAKS = 0.15
# Share of function words from which a stretch may be in a language; its own have 0.3 to 0.5, less
# those that both languages have.
_SPEAKS_NOT = 0.05
# A whole answer with fewer is in no language of the list.
_LEAST_UNKNOWN = 60
# Words before that is said.
_FOREIGN_WORDS = 100
# A witness may say a few sentences in another language.
_FOREIGN_SOUND = 400.0
# The same in another script, as Latin letters.
_LEAST_SOUND = 20.0
# Too little to tell a script.


def tokens_of(text: str) -> list[str]:
    """Return *text* as bare words in small letters; where words have no spaces, as letters."""
    found: list[str] = []
    for token in _TOKEN.findall(unicodedata.normalize("NFKC", text.replace("’", "'")).casefold()):
        found.extend(token if _script(token[0]) in _UNSPACED else (token,))
    return found


def sound_of(text: str) -> float:
    """Return how much there is to say in *text*, as a number of Latin letters."""
    return sum(
        _LETTERS_PER_DIGIT if c.isdigit() else _LETTERS_OF_SOUND.get(_script(c), 1.0)
        for c in text
        if c.isalnum()
    )


def is_credit(sentence: str) -> bool:
    """Say whether *sentence* tells who made the subtitles."""
    folded = _folded(sentence)
    return folded.startswith(_CREDITS) or any(name in folded for name in CREDITED)


def is_sign_off(sentence: str) -> bool:
    """Say whether *sentence* takes leave of a video's viewers."""
    return _folded(sentence).startswith(_SIGN_OFFS)


def is_filler(sentence: str) -> bool:
    """Say whether *sentence* is one that models write over silence, and people say."""
    return _folded(sentence) in _FILLERS


def other_language(tokens: Sequence[str], language: str) -> str | None:
    """Return what is said for a person where *tokens* are not in *language*, else None.

    Judged by the commonest words, for the languages in `FUNCTION_WORDS`, and by letters. Less than
    30 words are never judged by words, and a few sentences among others are nobody's fault.
    """
    script = _other_script(tokens, language)
    if script is not None:
        return f"{script:.0%} of the letters are of another script"
    if language not in FUNCTION_WORDS or len(tokens) < _STRETCH:
        return None
    own = FUNCTION_WORDS[language]
    foreign = {name: words for name, words in FUNCTION_WORDS.items() if name != language}
    counts = {
        name: _foreign_words(tokens, own - words, words - own) for name, words in foreign.items()
    }
    likely = max(counts, key=lambda name: counts[name])
    if counts[likely] >= min(_FOREIGN_WORDS, len(tokens) / 2):
        return f"about {counts[likely]} words are in another language (it looks like “{likely}”)"
    share = sum(token in own for token in tokens) / len(tokens)
    if len(tokens) >= _LEAST_UNKNOWN and share < _SPEAKS_NOT:
        return f"only {share:.0%} are common words of that language"
    return None


def _foreign_words(tokens: Sequence[str], own: frozenset[str], other: frozenset[str]) -> int:
    """Return how many words have a stretch around them that speaks *other* rather than *own*."""
    ours = [0, *accumulate(token in own for token in tokens)]
    theirs = [0, *accumulate(token in other for token in tokens)]
    found = 0
    for index in range(len(tokens)):
        start = max(0, min(index - _STRETCH // 2, len(tokens) - _STRETCH))
        end = start + _STRETCH
        hits = theirs[end] - theirs[start]
        found += hits >= _SPEAKS * _STRETCH and hits > 2 * (ours[end] - ours[start])
    return found


def _other_script(tokens: Iterable[str], language: str) -> float | None:
    """Return the share of sound in letters that *language* is not written in, where it is much."""
    expected = {script for script, languages in _WRITTEN_IN.items() if language in languages}
    if not expected:
        return None
    text = "".join(c for token in tokens for c in token if c.isalpha())
    other = sound_of("".join(c for c in text if _script(c) not in expected))
    share = other / sound_of(text) if text else 0.0
    bearable = 0.3 if "LATIN" in expected else 0.6
    # Names and abbreviations stay in Latin letters in any language.
    much = other >= _LEAST_SOUND and share > bearable
    return share if much or ("LATIN" in expected and other >= _FOREIGN_SOUND) else None


def _folded(text: str) -> str:
    """Return *text* in small letters without accents and punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(_TOKEN.findall(bare))


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    """Return Unicode's name of the letter's script."""
    return unicodedata.name(letter, "").partition(" ")[0]


_CREDITS = tuple(map(_folded, CREDITS))
_SIGN_OFFS = tuple(map(_folded, SIGN_OFFS))
_FILLERS = frozenset(map(_folded, FILLERS))
