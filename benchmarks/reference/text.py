"""Words in descriptions.

English analysis: words are runs of letters and digits, in lower case and without accents; stop words are dropped; the rest is reduced to
stems. Instead of a stemmer there is a table: all words of the data that share a stem with a word the questions ask for.
"""

import math
import re
import unicodedata
from collections import Counter

from .dependencies import needed

# fmt: off
STOP_WORDS = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "s", "such", "t", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
))
# fmt: on
FAMILIES = (
    ("puzzle", "puzzles"),
    ("game", "games", "gaming"),
    ("backup", "backups"),
    ("font", "fonts"),
    ("image", "images", "imaging", "imager"),
    ("viewer", "viewers"),
    ("window", "windows", "windowed", "windowing"),
    ("manager", "managers", "manage", "manages", "managed", "managing", "management", "manageability"),
)
STEMS = {form: family[0] for family in FAMILIES for form in family}
LONGEST_TOKEN = 40
# The customary parameters of BM25: how soon repetition stops to count, and how much length does.
K1, B = 1.2, 0.75


def tokens(text):
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))
    words = (word for word in re.findall(r"[^\W_]+", plain) if len(word) <= LONGEST_TOKEN)
    return [STEMS.get(word, word) for word in words if word not in STOP_WORDS]


def descriptions(graph):
    """The tokens of each package's description, computed once."""
    if not hasattr(graph, "descriptions"):
        graph.descriptions = {name: tokens(data["description"]) for name, data in graph.packages.items()}
    return graph.descriptions


def matching(graph, holds):
    return sorted(name for name, words in descriptions(graph).items() if holds(words))


def described(graph, names):
    return ("package", "description"), [(name, graph.packages[name]["description"]) for name in names]


def any_word(graph, text):
    wanted = set(tokens(text))
    return ("package",), [(name,) for name in matching(graph, lambda words: not wanted.isdisjoint(words))]


def every_word(graph, text):
    wanted = set(tokens(text))
    return described(graph, matching(graph, lambda words: wanted.issubset(words)))


def exact_phrase(graph, text):
    wanted = tokens(text)

    def holds(words):
        return any(words[at : at + len(wanted)] == wanted for at in range(len(words)))

    return described(graph, matching(graph, holds))


def misspelt(graph, text):
    (wanted,) = tokens(text)
    return described(graph, matching(graph, lambda words: any(one_edit(wanted, word) for word in words)))


def one_edit(one, other):
    """Whether at most one letter was inserted, left out or replaced."""
    if abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    same = next((at for at, letter in enumerate(short) if letter != long[at]), len(short))
    replaced = len(short) == len(long)
    return short[same + replaced :] == long[same + 1 :]


def ranked(graph, text):
    """`(score, name)` of the packages that hold a word, best first, equals by name."""
    documents = descriptions(graph)
    mean = sum(map(len, documents.values())) / len(documents)
    wanted = set(tokens(text))
    holders = {word: sum(word in words for words in documents.values()) for word in wanted}
    rarity = {word: math.log1p((len(documents) - n + 0.5) / (n + 0.5)) for word, n in holders.items()}
    scores = []
    for name, words in documents.items():
        counts = Counter(word for word in words if word in wanted)
        if counts:
            penalty = K1 * (1 - B + B * len(words) / mean)
            score = sum(rarity[word] * count * (K1 + 1) / (count + penalty) for word, count in counts.items())
            scores.append((score, name))
    return sorted(scores, key=lambda pair: (-pair[0], pair[1]))


def most_relevant(graph, text):
    return described(graph, [name for _, name in ranked(graph, text)[:10]])


def relevant_in_section(graph, text, section):
    rows = [name for _, name in ranked(graph, text) if graph.packages[name]["section"] == section]
    return described(graph, rows[:10])


def words_of_needs(graph, name, text):
    wanted, words = set(tokens(text)), descriptions(graph)
    found = [other for other in sorted(needed(graph, name, 1, 30)) if not wanted.isdisjoint(words[other])]
    return described(graph, found)
