"""What committees say, and how engines with and without times write it."""

from collections.abc import Sequence

from hearings.spans import Span
from transcription.plausibility import Doubt, Suspicion, suspicions
from transcription.timing import spread
from transcription.words import Word

MS_PER_LETTER = 70
# About 14 letters a second, as committees speak.

TESTIMONY = (
    "Thank you, Chairman Langford, and thank you to our witnesses for traveling so far. In my "
    "state, one in five of our weather stations has been silent since last winter. When a station "
    "goes silent, a captain has to guess, and a wrong guess could cost lives. I support the goal "
    "of this bill, but I have questions about who will pay for the repairs."
)
REPLY = (
    "The budget before you pays for forty new stations on the northern coast and keeps the older "
    "ones running for another year. We would hire six technicians, all of them trained in the "
    "harbor where they will work. Without that money the data from last winter would be the last."
)
QUESTION = (
    "What happens to a fishing fleet that gets its warning an hour late, and who answers for it? "
    "My constituents have asked me this since March, and so far nobody from your institute could "
    "tell them how many boats were out on the night of the storm."
)
SPANISH = (
    "Señor presidente, muchas gracias por la oportunidad de hablar hoy ante esta comisión sobre el "
    "proyecto de ley. Los pescadores de la costa no tienen la información que necesitan para salir "
    "al mar con seguridad, y por eso muchas familias han perdido lo que más quieren."
)
FRENCH = (
    "Monsieur le président, je vous remercie de cette occasion de parler devant la commission. Les "
    "stations de la côte sont vieilles, et les pêcheurs n'ont pas ce qui est nécessaire pour leur "
    "sécurité. Nous demandons que la loi soit votée avec les moyens qui ont été promis."
)
GERMAN = (
    "Herr Vorsitzender, ich danke Ihnen für die Gelegenheit, vor dem Ausschuss zu sprechen. Die "
    "Stationen an der Küste sind alt, und die Fischer wissen nicht, wann ein Sturm kommt. Wir "
    "bitten darum, dass das Gesetz mit den Mitteln beschlossen wird, die man uns versprochen hat."
)
PORTUGUESE = (
    "Senhor presidente, muito obrigado pela oportunidade de falar hoje nesta comissão. As estações "
    "da costa são velhas e os pescadores não têm a informação que é necessária para sair ao mar. "
    "Pedimos que a lei seja votada com os meios que foram prometidos para as nossas famílias."
)
ITALIAN = (
    "Signor presidente, la ringrazio di questa occasione di parlare davanti alla commissione. Le "
    "stazioni della costa sono vecchie e i pescatori non hanno le informazioni che sono necessarie "
    "per uscire in mare. Chiediamo che la legge sia votata con i mezzi che ci hanno promesso."
)
WELSH = (
    "Mae'r pwyllgor yn cyfarfod heddiw i drafod y bil ac mae'n bleser gennyf groesawu ein tystion "
    "i gyd. Rwy'n gobeithio y bydd pawb yn cael cyfle i siarad am y gwaith sydd wedi ei wneud yn y "
    "maes hwn a bod y llywodraeth yn barod i wrando ar ein pryderon ni am y dyfodol."
)
FINNISH = (
    "Hyvä puheenjohtaja, kiitän mahdollisuudesta puhua tänään valiokunnan edessä. Rannikon "
    "sääasemat ovat vanhoja, eivätkä kalastajat tiedä milloin myrsky tulee. Pyydämme, että laki "
    "hyväksytään niillä varoilla, jotka meille luvattiin viime vuonna, koska ilman niitä työmme "
    "loppuu ennen seuraavaa talvea."
)
RUSSIAN = "Господин председатель, спасибо за возможность выступить сегодня перед комитетом."
NAMES = (
    *("Cornyn", "Lee", "Cruz", "Graham", "Hawley", "Kennedy", "Tillis", "Blackburn", "Durbin"),
    *("Whitehouse", "Klobuchar", "Coons", "Blumenthal", "Hirono", "Booker", "Padilla", "Welch"),
)


def said(text: str, *, from_ms: int = 0, ms_per_letter: int = MS_PER_LETTER) -> tuple[Word, ...]:
    """Return *text* as an engine with times gives it, one word after another."""
    words = []
    for token in text.split():
        end_ms = from_ms + ms_per_letter * (len(token) + 1)
        words.append(Word(from_ms, end_ms, token))
        from_ms = end_ms
    return tuple(words)


def written(text: str, speech: Sequence[Span]) -> tuple[Word, ...]:
    """Return *text* as an engine without times gives it."""
    return spread(text, speech, speech[-1].end_ms if speech else 30_000)


def judged(
    words: Sequence[Word], *, language: str = "en", speech: Sequence[Span] | None = None
) -> tuple[Suspicion, ...]:
    """Return the suspicions of an answer to speech that lasts as long as the words."""
    end_ms = max((word.end_ms for word in words), default=30_000)
    spoken = (Span(0, end_ms),) if speech is None else speech
    until_ms = max([end_ms, *(span.end_ms for span in spoken)])
    return suspicions(words, speech=spoken, duration_ms=until_ms, language=language)


def doubts(found: Sequence[Suspicion]) -> list[Doubt]:
    return [suspicion.doubt for suspicion in found]
