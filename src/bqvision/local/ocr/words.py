"""Words that tell what a printed line is: a credit, a studio, a person, a date, a joining word."""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARTICLES: Final = _words("the a an")
JOINING: Final = _words(
    "the a an of and & or in on at to for from with by vs over under behind beyond into upon"
)
"""Small words that titles join their lines with, and that stay small in a title's spelling."""

CREDIT: Final = _words(
    """
    adaptation adapted arranged artists assisted attraction author based cast cinema cinematography
    color comedy copyright copyrighted corp corporation created directed direction director distributed
    distributor drama edited editor entertainment episode episodes feature featured featurette film
    filmed films from inc introducing litho lithograph ltd melodrama movie music musical narrated novel
    original personally photographed photography photoplay picture pictures play played poster present
    presentation presented presents produced producer producers production productions recorded reels
    release released releasing scenario scenes screen screenplay serial short songs stage star starring
    stars starting story studio studios supervised supervision supported theater theatre theatrical
    titles triumph version written
    """
)
"""Words of credit lines, captions and imprints. One of them proves little; several prove a lot."""

STUDIOS: Final = _words(
    """
    aafa artcraft biograph bros columbia disney dreamworks edison essanay fox gaumont goldwyn keystone
    lasky lionsgate mayer metro mgm miramax monogram mutual national paramount pathe pixar republic rko
    selznick triangle ufa universal vitagraph warner zukor
    """
)

CREDIT_PHRASE: Final = re.compile(
    r"\b(?:(?:directed|written|produced|edited|photographed|adapted|supervised|supported|screenplay|scenario|story|music"
    r"|songs|titles|play|novel|presented|distributed|released|designed|created|costumes|based|illustrated)"
    r"(?:\s+(?:and|&)\s+\w+)?\s*(?:by|on|from)"
    r"|an?\s+(?:[\w.'-]+\s+){1,4}(?:film|movie|picture|production|release|comedy|feature|presentation)"
    r"|first\s+national|united\s+artists|motion\s+picture|all\s+rights)\b",
    re.IGNORECASE,
)

BEFORE_PERSON: Final = _words("starring with featuring by and introducing also stars")
"""A line that is only such words stands over a person's name (or over more credits)."""

CREDIT_OPENING: Final = re.compile(
    r"^\W*(?:(?:directed|written|produced|edited|screenplay|scenario|story|music|photographed|adapted|supervised)"
    r"(?:\s+and\s+\w+)*\s+by|starring|featuring|introducing|co-starring|with|by)\W*$",
    re.IGNORECASE,
)
PRESENTS: Final = re.compile(r"\b(?:presents?|presented|presenting)\W*$", re.IGNORECASE)

DATE_WORDS: Final = _words(
    """
    acts admission adults am apr april aug august cents children coming daily dec december evening feb
    february fri friday jan january jul july jun june mar march matinee mon monday next nightly no nov
    november now oct october only part parts playing pm reel reels sat saturday sep sept september
    showing soon sun sunday thu thur thurs thursday today tomorrow tonight tue tues tuesday wed
    wednesday weds week
    """
)

SHOUTS: Final = _words("next coming soon now showing playing today tonight tomorrow see wow")
"""Words that advertise. A line that is only such words is no title."""

GIVEN_NAMES: Final = _words(
    """
    aaron ada adam adele adolph adolphe agnes al alan albert alec alexander alfred alice alla allan
    allen alma amanda amy andrew andy angelina anita ann anna anne annette anthony arnold arthur asta
    audrey barbara barry basil beatrice bebe ben benjamin bernard bert bessie betty beverly billie billy
    blanche bob bobby boris brad bradley brian brigitte bruce burt buster camilla carl carlos carmel
    carol carole caroline cary cate catherine cecil charles charley charlie charlotte chester chris
    christian christopher claire clara clark claude claudette clint clive clyde colleen conrad constance
    corinne cynthia dan daniel danny david deborah dennis denzel diana dick dolores don donald doris
    dorothy douglas dustin dziga earle eddie edgar edith edmund edna edward edwin eileen elaine eleanor
    elizabeth ella elliott elmo elsie emil emily emma eric erich ernest ernst errol estelle ethel eugene
    eva evelyn faye florence frances francis francois frank franklin fred frederic frederick fredric
    fritz gary gene geoffrey george georges georgia gerald geraldine gilbert giovanni gladys glenn
    gloria gordon gosta gregg gregory greta gustav guy gwen hank hannah harold harriet harrison harry
    harvey hattie heather hedda hedy helen helene henri henry herbert herman hobart howard hugh hugo
    humphrey ian ida ingrid irene iris irving isabel ivan jack jackie jacob jacqueline jacques jake
    james jane janet jason jean jeanette jeanie jeanne jeff jeffrey jennifer jeremy jerry jesse jessica
    jill jim jimmy joan jodie joe john johnny jonathan joseph josephine joshua juanita judith judy julia
    julian julie julius justin karen karl kate katharine katherine kathleen keanu keith kenneth kevin
    kirk kristen larry lars laura lauren laurence laurette lawrence leo leon leonardo leslie lew lewis
    lila lilian lillian linda lionel lisa lloyd lois lon loretta louis louise lucille luigi luis lupe
    lya mabel mack madeline madge mae malcolm marc marcel marguerite maria marian marie marilyn marion
    marjorie mark marlene marlon martha martin marvin mary matt matthew maude maurice mauritz max mel
    melissa melvin meryl michael michelle mickey mildred milton miriam monte montgomery morgan myrna
    nancy naomi natalie nathan neil nicholas nick nicole nita noah norma norman olga olive oliver olivia
    orson oscar otto owen pamela patricia patrick patsy paul paula pauline pearl percy peter philip
    phillip phyllis pina pola priscilla rachel ralph ramon randolph raoul raymond rebecca reginald rene
    renee rex rhoda richard rita robert rod rodolph roger roland ronald ronnie rosalind roscoe roy
    rudolf rudolph russell ruth ryan sally sam samuel sandra sarah scarlett sean sergei sessue sharon
    sheila sidney sigourney simon sophia sophie spencer stan stanley stella stephen steve steven stewart
    stuart susan sylvester sylvia ted teresa terry theda thelma theodore theresa thomas tim timothy
    tobey tod tom tommy tony tyrone ursula valerie vera vincent viola virginia vivian vivien vladimir
    wallace walter wanda warren wayne wendy werner wesley wilbur wilfred willard william wilma winifred
    woody yvonne zasu zoe
    """
)
"""Common given names, without those that are everyday words too (grace, rose, hope, victor, robin)."""
