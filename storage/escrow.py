"""A key in shares of words (SLIP-39): each on paper with another person, some of them together restore it."""

from collections.abc import Sequence

from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics

SHARES_MOST = 16


class SharesRefused(ValueError):
    """These shares give no key; the message says why, in both languages."""


def split(key: bytes, *, threshold: int, shares: int) -> tuple[str, ...]:
    """Return `shares` lines of words, any `threshold` of which give `key` back, and fewer nothing of it.

    Raises:
        SharesRefused: so many can't be made.
    """
    if not 2 <= threshold <= shares <= SHARES_MOST:  # noqa: PLR2004 - a share that suffices alone is no share
        message = (
            f"份额数须在 2 到 {SHARES_MOST} 之间，门槛不少于 2、不多于份额数。\n"
            f"Shares must be 2 to {SHARES_MOST}, the threshold at least 2 and at most as many."
        )
        raise SharesRefused(message)
    return tuple(generate_mnemonics(1, [(threshold, shares)], key)[0])


def joined(shares: Sequence[str]) -> bytes:
    """Return the key that the shares give.

    Raises:
        SharesRefused: there are too few, a word is wrong, or they are of different keys.
    """
    try:
        return bytes(combine_mnemonics(shares))
    except MnemonicError as error:
        message = f"这些份额拼不出密钥，请核对每个词 · these shares give no key, check each word: {error}"
        raise SharesRefused(message) from error
