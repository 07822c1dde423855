"""Currencies as Stripe treats them: exponents, smallest and largest charge, writing for people."""

from config.sandbox.errors import ApiError

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
TWO_DECIMAL = frozenset(
    [
        "aed",
        "afn",
        "all",
        "amd",
        "ang",
        "aoa",
        "ars",
        "aud",
        "awg",
        "azn",
        "bam",
        "bbd",
        "bdt",
        "bgn",
        "bmd",
        "bnd",
        "bob",
        "brl",
        "bsd",
        "bwp",
        "byn",
        "bzd",
        "cad",
        "cdf",
        "chf",
        "cny",
        "cop",
        "crc",
        "cve",
        "czk",
        "dkk",
        "dop",
        "dzd",
        "egp",
        "etb",
        "eur",
        "fjd",
        "fkp",
        "gbp",
        "gel",
        "gip",
        "gmd",
        "gtq",
        "gyd",
        "hkd",
        "hnl",
        "htg",
        "huf",
        "idr",
        "ils",
        "inr",
        "isk",
        "jmd",
        "kes",
        "kgs",
        "khr",
        "kyd",
        "kzt",
        "lak",
        "lbp",
        "lkr",
        "lrd",
        "lsl",
        "mad",
        "mdl",
        "mkd",
        "mmk",
        "mnt",
        "mop",
        "mur",
        "mvr",
        "mwk",
        "mxn",
        "myr",
        "mzn",
        "nad",
        "ngn",
        "nio",
        "nok",
        "npr",
        "nzd",
        "pab",
        "pen",
        "pgk",
        "php",
        "pkr",
        "pln",
        "qar",
        "ron",
        "rsd",
        "rub",
        "sar",
        "sbd",
        "scr",
        "sek",
        "sgd",
        "shp",
        "sle",
        "sos",
        "srd",
        "std",
        "szl",
        "thb",
        "tjs",
        "top",
        "try",
        "ttd",
        "twd",
        "tzs",
        "uah",
        "ugx",
        "usd",
        "uyu",
        "uzs",
        "wst",
        "xcd",
        "yer",
        "zar",
        "zmw",
    ]
)
CURRENCIES = ZERO_DECIMAL | THREE_DECIMAL | TWO_DECIMAL
# Stripe publishes these; other currencies have to be worth about half a US dollar.
MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "cny": 400, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200,
    "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
MAXIMUM = 99_999_999  # eight digits of minor units
MAXIMUM_IDR = 999_999_999_999
# Both ¥ say whose they are, as one page may show both.
SYMBOLS = {
    "usd": "$",
    "eur": "€",
    "gbp": "£",
    "cny": "CN¥",
    "jpy": "JP¥",
    "krw": "₩",
    "inr": "₹",
    "hkd": "HK$",
}


def exponent(currency: str) -> int:
    """Return how many decimal places the minor unit has."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def check_currency(currency: str, *, param: str = "currency") -> str:
    """Return `currency` in lower case, or refuse it."""
    code = currency.lower()
    if code not in CURRENCIES:
        raise ApiError(f"Invalid currency: {currency}. Stripe does not take payments in it.", param=param)
    return code


def minimum(currency: str) -> int:
    """Return the smallest amount that can be charged, in minor units."""
    return MINIMUM.get(currency, 50)


def check_chargeable(amount: int, currency: str, *, param: str = "amount") -> None:
    """Refuse an amount that no payment could have."""
    most = MAXIMUM_IDR if currency == "idr" else MAXIMUM
    if amount > most:
        message = f"Amount must be no more than {written(most, currency)}"
        raise ApiError(message, code="amount_too_large", param=param)
    if amount < minimum(currency):
        message = f"Amount must be at least {written(minimum(currency), currency)}"
        raise ApiError(message, code="amount_too_small", param=param)
    if currency in THREE_DECIMAL and amount % 10:
        message = f"Invalid amount: in {currency.upper()} the last digit must be 0"
        raise ApiError(message, code="invalid_charge_amount", param=param)


def written(amount: int, currency: str) -> str:
    """Return `amount` for people: symbol, grouped digits, as many places as the currency has."""
    places = exponent(currency)
    digits = str(abs(amount)).rjust(places + 1, "0")
    whole, part = (digits[:-places], digits[-places:]) if places else (digits, "")
    text = f"{int(whole):,}" + (f".{part}" if part else "")
    sign = "−" if amount < 0 else ""
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {currency.upper()}"
