"""Make one staff member who may do everything in the admin, or give an existing one a new password."""

import getpass
import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from subscriptions.models import User


class Command(BaseCommand):
    """python3 dev.py manage create_staff ann@example.com; the password is asked for, never an argument."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the e-mail address only: an argument would stay in the shell's history."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read RATECARD_STAFF_PASSWORD, or ask."""
        email = str(options["email"]).strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email} is not an e-mail address.") from None
        password = os.environ.get("RATECARD_STAFF_PASSWORD") or getpass.getpass()
        if len(password) < 12:
            raise CommandError("The password needs 12 characters or more.")
        user = User.objects.filter(email=email).first()
        if user is None:
            User.objects.create_superuser(email, password, name="Staff")
        else:
            user.is_staff = user.is_superuser = user.is_active = True
            user.set_password(password)
            user.save(update_fields=["is_staff", "is_superuser", "is_active", "password"])
        self.stdout.write(f"{email} may sign in to the admin.")
