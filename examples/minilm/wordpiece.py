"""WordPiece: text to numbers, as the uncased BERT models were trained with.

Text is lower-cased, accents are removed, words are split at spaces and punctuation, and each word
is cut into the longest pieces that the vocabulary has, from the left; pieces inside a word begin
with `##`. Source: the description in the BERT paper's code, and the tokenizer file of the package.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

LONGEST_WORD = 100
CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
"""Ranges whose characters are words by themselves."""


def _words(text: str) -> Iterator[str]:
    word = ""
    for character in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(character)
        if category == "Mn" or character in "\0\ufffd":
            continue
        if character.isspace():
            alone, kept = True, ""
        elif category.startswith("C"):
            continue
        else:
            # All of ASCII's signs count as punctuation, those of Unicode's P elsewhere.
            sign = category.startswith("P") or (character.isascii() and not character.isalnum())
            chinese = any(first <= ord(character) <= last for first, last in CHINESE)
            alone, kept = sign or chinese, character
        if alone:
            yield from filter(None, (word, kept))
            word = ""
        else:
            word += kept
    if word:
        yield word


def _pieces(word: str, vocabulary: Mapping[str, int]) -> list[int]:
    found: list[int] = []
    start = 0
    while start < len(word):
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            if (number := vocabulary.get(prefix + word[start:end])) is not None:
                found.append(number)
                start = end
                break
        else:
            return [vocabulary["[UNK]"]]
    return found


def encode(text: str, vocabulary: Mapping[str, int], length: int) -> list[int]:
    """`[CLS] pieces [SEP]`, at most `length` numbers: longer texts lose their end."""
    numbers: list[int] = []
    for word in _words(text):
        known = len(word) <= LONGEST_WORD
        numbers += _pieces(word, vocabulary) if known else [vocabulary["[UNK]"]]
    return [vocabulary["[CLS]"], *numbers[: length - 2], vocabulary["[SEP]"]]


def batch(texts: Sequence[str], vocabulary: Mapping[str, int], length: int) -> dict[str, Array]:
    """The network's inputs, int64 [N, length] each: input_ids, attention_mask, token_type_ids."""
    ids = np.full((len(texts), length), vocabulary["[PAD]"], np.int64)
    mask = np.zeros_like(ids)
    for row, text in enumerate(texts):
        numbers = encode(text, vocabulary, length)
        ids[row, : len(numbers)] = numbers
        mask[row, : len(numbers)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
