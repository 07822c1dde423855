"""Virtual time, and what it brings."""

from config.sandbox.clock import DAY, HOUR

T = 1_800_000_000


def test_objects_carry_virtual_time(desk, sandbox):
    assert sandbox.set_clock(T, frozen=True) == T
    invoice = desk.finalised(desk.customer(), 1000)

    assert {invoice.created, invoice.status_transitions.paid_at, invoice.payments.data[0].created} == {T}
    assert sandbox.set_clock(T + 5, frozen=True) == T + 5
    assert sandbox.set_clock(None) > 1_700_000_000
    assert sandbox.control("GET", "clock")["now"] != T + 5


def test_time_runs_on_unless_frozen(sandbox):
    sandbox.set_clock(T)

    assert T <= sandbox.control("GET", "clock")["now"] < T + 60


def test_a_draft_finalises_itself_after_an_hour_only_if_told(desk, sandbox):
    sandbox.set_clock(T, frozen=True)
    customer = desk.customer()
    left_alone = desk.draft(customer, 1000)
    advanced = desk.draft(customer, 1000, auto_advance=True)
    assert advanced.automatically_finalizes_at == T + HOUR

    sandbox.set_clock(T + HOUR - 1, frozen=True)
    assert desk.v1.invoices.retrieve(advanced.id).status == "draft"
    sandbox.set_clock(T + HOUR, frozen=True)

    assert desk.v1.invoices.retrieve(advanced.id).status == "paid"
    assert desk.v1.invoices.retrieve(left_alone.id).status == "draft"


def test_a_failed_payment_is_tried_again_in_virtual_days(desk, sandbox):
    sandbox.set_clock(T, frozen=True)
    customer = desk.customer("pm_card_chargeCustomerFail")
    invoice = desk.finalised(customer, 1000)
    assert invoice.next_payment_attempt == T + 3 * DAY

    sandbox.set_clock(T + 3 * DAY, frozen=True)
    again = desk.v1.invoices.retrieve(invoice.id)
    assert (again.attempt_count, again.next_payment_attempt) == (2, T + 8 * DAY)
    good = desk.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    desk.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": good.id}})
    sandbox.set_clock(T + 8 * DAY, frozen=True)

    paid = desk.v1.invoices.retrieve(invoice.id)
    assert (paid.status, paid.attempt_count, paid.next_payment_attempt) == ("paid", 3, None)


def test_trying_ends_after_the_fourth_time(desk, sandbox):
    sandbox.set_clock(T, frozen=True)
    invoice = desk.finalised(desk.customer("pm_card_chargeCustomerFail"), 1000)
    for days in range(1, 40):
        sandbox.set_clock(T + days * DAY, frozen=True)

    last = desk.v1.invoices.retrieve(invoice.id)
    assert (last.status, last.attempt_count, last.next_payment_attempt) == ("open", 4, None)


def test_setting_the_clock_back_is_allowed(desk, sandbox):
    sandbox.set_clock(T, frozen=True)
    desk.customer(None)

    assert sandbox.set_clock(T - DAY, frozen=True) == T - DAY
    assert desk.customer(None).created == T - DAY
