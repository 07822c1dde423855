"""Stripe's test cards: what each does when saved and when charged."""

from dataclasses import dataclass

from config.sandbox.errors import ApiError, card_error


@dataclass(frozen=True, slots=True)
class Card:
    """One test number. `saves` and `charges` are False where the bank says no."""

    number: str
    brand: str
    label: str  # key of the hosted page's dictionary
    saves: bool = True
    charges: bool = True
    code: str = "card_declined"
    decline_code: str | None = "generic_decline"
    message: str = "Your card was declined."
    # never; unless_set_up: only where the card was not saved with authentication; always
    authentication: str = "never"

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS = [
    Card("4242424242424242", "visa", "pays"),
    Card("4000000000000341", "visa", "declines when charged", charges=False),
    Card("4000002500003155", "visa", "authentication once", authentication="unless_set_up"),
    Card("4000002760003184", "visa", "authentication each time", authentication="always"),
    Card(
        "4000008260003178",
        "visa",
        "authentication, then no funds",
        authentication="always",
        charges=False,
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
    ),
    Card("5555555555554444", "mastercard", "pays"),
    Card("378282246310005", "amex", "pays"),
    Card("6200000000000005", "unionpay", "pays"),
    Card("4000000000000002", "visa", "declined", saves=False, charges=False),
    Card(
        "4000000000009995",
        "visa",
        "no funds",
        saves=False,
        charges=False,
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
    ),
    Card(
        "4000000000000069",
        "visa",
        "expired",
        saves=False,
        charges=False,
        code="expired_card",
        decline_code=None,
        message="Your card has expired.",
    ),
]
BY_NUMBER = {card.number: card for card in CARDS}
# What Stripe calls them where an id is wanted: pm_card_… and tok_….
NAMED = {
    "visa": "4242424242424242",
    "mastercard": "5555555555554444",
    "amex": "378282246310005",
    "unionpay": "6200000000000005",
    "chargeCustomerFail": "4000000000000341",
    "authenticationRequiredOnSetup": "4000002500003155",
    "threeDSecure2Required": "4000002760003184",
    "authenticationRequired": "4000002760003184",
    "authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "chargeDeclined": "4000000000000002",
    "visa_chargeDeclined": "4000000000000002",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedExpiredCard": "4000000000000069",
}


def by_number(number: str) -> Card:
    """Return the test card of `number`, refused as Stripe refuses in test mode."""
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isdecimal() or not passes_luhn(digits):
        raise card_error("incorrect_number", "Your card number is incorrect.", param="number")
    if digits not in BY_NUMBER:
        message = "Your card was declined. Your request was in test mode, but used a non test card."
        raise card_error("card_declined", message, decline_code="test_mode_live_card")
    return BY_NUMBER[digits]


def by_name(name: str) -> Card | None:
    """Return the card of `pm_card_visa`, `tok_visa` and their like."""
    for prefix in ("pm_card_", "tok_"):
        if name.startswith(prefix) and name.removeprefix(prefix) in NAMED:
            return BY_NUMBER[NAMED[name.removeprefix(prefix)]]
    return None


def decline(card: Card, **fields: object) -> ApiError:
    """Return the refusal of `card`, with what hangs on it (charge, payment_intent)."""
    more = {} if card.decline_code is None else {"decline_code": card.decline_code}
    return card_error(card.code, card.message, **more, **fields)


def passes_luhn(digits: str) -> bool:
    """Return whether the check digit is right."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return len(digits) >= 12 and total % 10 == 0
