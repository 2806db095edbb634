"""Whether a password is among the first that would be tried: known ones, keyboard runs, dates, names."""

from collections.abc import Iterable

_LEAST_SCORE = 3
"""Of zxcvbn's 0 to 4: more than 10^8 guesses, where ten an hour are heard (`policy.after_failure`)."""
_READ = 72
"""Characters that are looked at: what follows only makes it longer."""
_OWN_WORDS = ("lianbian", "联辩", "legal", "aid", "lvshi", "falv", "yuanzhu")
"""Words that everybody here thinks of first (OWASP ASVS 5.0, 6.1.2)."""


def is_guessable(password: str, words: Iterable[str]) -> bool:
    """Tell whether it is; `words` are those that belong to its owner: login and name."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - the start need not load its lists

    found = zxcvbn(password[:_READ], user_inputs=[*_OWN_WORDS, *(word for word in words if word)])
    return bool(found["score"] < _LEAST_SCORE)
