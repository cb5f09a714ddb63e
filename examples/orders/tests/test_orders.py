"""What a valid order is, and what the store keeps."""

import unittest

from orders import OrderError, Store, parse

VALID = {"pickup": " Kirk St 1 ", "dropoff": "Harbour Rd 2", "weight_kilograms": 2}


def refusal(document: object) -> str:
    """Why the document is refused; empty when it is not."""
    try:
        parse(document)
    except OrderError as error:
        return str(error)
    return ""


class ParseTest(unittest.TestCase):
    """Orders as clients send them."""

    def test_valid(self) -> None:
        """A valid order gets an id, and its fields are normalised."""
        order = parse(VALID)
        assert (order.pickup, order.weight_kilograms) == ("Kirk St 1", 2.0)
        assert order.id != parse(VALID).id

    def test_invalid(self) -> None:
        """The message names the field that is wrong."""
        cases: list[tuple[object, str]] = [
            ([], "JSON object"),
            ({**VALID, "weight_kilograms": 0}, "weight_kilograms"),
            ({**VALID, "weight_kilograms": 30.1}, "weight_kilograms"),
            ({**VALID, "weight_kilograms": True}, "weight_kilograms"),
            ({**VALID, "pickup": "  "}, "pickup"),
            ({**VALID, "dropoff": "x" * 201}, "dropoff"),
            ({**VALID, "dropoff": None}, "dropoff"),
        ]
        for document, word in cases:
            with self.subTest(document=document):
                assert word in refusal(document)


class StoreTest(unittest.TestCase):
    """The latest orders."""

    def test_forgets_the_oldest(self) -> None:
        """Above its capacity the store drops the oldest order, not the newest."""
        store, orders = Store(capacity=2), [parse(VALID) for _ in range(3)]
        for order in orders:
            store.add(order)
        assert [store.get(order.id) for order in orders] == [None, orders[1], orders[2]]
