"""BLEU and chrF of sacreBLEU 2.6.0, and SQuAD's and ROUGE's definitions written out, on a few sentences.

python3 text-metrics.py > text-metrics.json   (needs sacrebleu)
"""
import collections
import json
import re
import string

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF

pairs = [
    ("The cat sat on the mat.", ["The cat is on the mat.", "There is a cat on the mat."]),
    ('He said: "It costs $3,500.50, doesn\'t it?"', ['He asked, "It costs $3,500.50, doesn\'t it?"', "He said it costs 3,500."]),
    ("A well-known 1990-2000 co-operation (see p. 7).", ["The well-known 1990-2000 cooperation; see page 7.", "A co-operation."]),
    ("The  Cat!", ["a cat", "the dog"]),
    ("no", ["Yes, of course", "no way"]),
    ("", ["Something was to be said here.", "Something."]),
    ("L'année dernière, elle a vu l'île.", ["Elle a vu l'île l'an dernier.", "L'année dernière elle vit une île."]),
]
answers = [text for text, _ in pairs]
references = [[refs[k] for _, refs in pairs] for k in range(2)]


def normalise(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def f1(said, right, shared):
    return 0 if shared == 0 else 2 * shared / (said + right)


def shared(a, b):
    return sum((collections.Counter(a) & collections.Counter(b)).values())


def token_f1(a, b):
    a, b = normalise(a).split(), normalise(b).split()
    return float(a == b) if not a or not b else f1(len(a), len(b), shared(a, b))


def words(text):
    return [w for w in re.split(r"[\W_]+", text.lower()) if w]


def rouge_n(a, b, n):
    a, b = ([tuple(w[i : i + n]) for i in range(len(w) - n + 1)] for w in (words(a), words(b)))
    return f1(len(a), len(b), shared(a, b))


def rouge_l(a, b):
    a, b = words(a), words(b)
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    return f1(len(a), len(b), table[-1][-1])


print(
    json.dumps(
        {
            "version": sacrebleu.__version__,
            "pairs": [{"answer": text, "references": refs} for text, refs in pairs],
            "tokens": [BLEU().tokenizer(text).split() for text in answers],
            "bleu": BLEU().corpus_score(answers, references).score,
            "bleuOne": BLEU().corpus_score(answers, references[:1]).score,
            "bleuShort": BLEU().corpus_score(["the cat"], [["the cat sat on the mat"]]).score,
            "bleuSmoothed": BLEU().corpus_score(["a cat sat there today"], [["the dog sat there yesterday"]]).score,
            "chrf": CHRF().corpus_score(answers, references).score,
            "chrfOne": CHRF().corpus_score(answers, references[:1]).score,
            "exactMatch": [max(float(normalise(t) == normalise(r)) for r in refs) for t, refs in pairs],
            "tokenF1": [max(token_f1(t, r) for r in refs) for t, refs in pairs],
            "rouge1": [max(rouge_n(t, r, 1) for r in refs) for t, refs in pairs],
            "rouge2": [max(rouge_n(t, r, 2) for r in refs) for t, refs in pairs],
            "rougeL": [max(rouge_l(t, r) for r in refs) for t, refs in pairs],
        },
        indent=1,
        ensure_ascii=False,
    )
)
