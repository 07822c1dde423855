"""Users and their roles at customers."""

from plans.actor import Actor
from plans.history import changes
from subscriptions.errors import LastOwner, UnknownRole
from subscriptions.models import Customer, Membership, User
from subscriptions.models.people import Role
from subscriptions.services.rows import lock_customer


def create_user(
    *, email: str, password: str | None = None, name: str = "", language: str = "en", by: Actor
) -> User:
    """Return the user with this e-mail, made if there is none; an existing one is left as it is."""
    with changes(by):
        known = User.objects.filter(email__iexact=email).first()
        return known or User.objects.create_user(email, password, name=name, language=language)


def add_member(*, customer: Customer, user: User, role: str, by: Actor) -> Membership:
    """Give a user a role at a customer, or change it. The last owner stays one: LastOwner."""
    if role not in Role.values:
        raise UnknownRole(role=role, known=", ".join(Role.values))
    with changes(by):
        lock_customer(customer.pk)
        known = Membership.objects.filter(customer=customer, user=user).first()
        if known is None:
            return Membership.objects.create(customer=customer, user=user, role=role)
        if known.role != role:
            _keep_an_owner(known)
            known.role = role
            known.save(update_fields=["role"])
    return known


def remove_member(*, customer: Customer, user: User, by: Actor) -> None:
    """Take a user's role away; effective with their next request. The last owner stays: LastOwner."""
    with changes(by):
        lock_customer(customer.pk)
        known = Membership.objects.filter(customer=customer, user=user).first()
        if known is not None:
            _keep_an_owner(known)
            known.delete()


def _keep_an_owner(leaving: Membership) -> None:
    if leaving.role != Role.OWNER:
        return
    others = Membership.objects.filter(customer=leaving.customer_id, role=Role.OWNER).exclude(pk=leaving.pk)
    if not others.exists():
        raise LastOwner
