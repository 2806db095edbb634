"""The English catalogue is complete, and says no more than the product does."""

import re

from tests.catalogue import english, messages, missing


def test_every_message_has_its_english() -> None:
    assert not missing(), "run `python -m tests.catalogue` and add these to web/locale/en.po"


def test_every_english_keeps_the_places_of_its_message() -> None:
    places = re.compile(r"%\(\w+\)s|\{\w+\}")
    changed = {
        message: told
        for message, told in english().messages.items()
        if set(places.findall(message)) != set(places.findall(told))
    }
    assert not changed


def test_the_catalogue_holds_no_message_that_nobody_says() -> None:
    assert not english().messages.keys() - messages().keys()
