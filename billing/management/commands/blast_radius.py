"""blast_radius PLAN NUMBER [--json]: what the last period of everyone on the plan costs under a version."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.blast import blast_of
from billing.services.releases import deltas_of, reach_of
from plans import clock
from plans.models import PlanVersion
from plans.models.plans import VersionState
from plans.money import from_minor
from plans.problems import TermsInvalid
from plans.selectors import terms_of
from plans.selectors_catalogue import draft_terms


class Command(BaseCommand):
    """Rates every live agreement, however many; the page stops at 500. Writes nothing."""

    help = "Rate everybody's last period on a plan under one of its versions; nothing is written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the version and the form of the answer."""
        parser.add_argument("plan", help="the plan's code")
        parser.add_argument("number", type=int, help="the version's number")
        parser.add_argument("--json", action="store_true", help="everything, one row per agreement")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print who is reached and by how much."""
        version = PlanVersion.objects.filter(plan__code=options["plan"], number=options["number"]).first()
        if version is None:
            raise CommandError(f"There is no version {options['number']} of the plan {options['plan']}.")
        try:
            draft = version.state == VersionState.DRAFT
            terms = draft_terms(version) if draft else terms_of(version)
        except TermsInvalid as error:
            raise CommandError(str(error)) from error
        blast = blast_of(version, terms, at=clock.now(), most=None)
        if options["json"]:
            self.stdout.write(json.dumps({"reach": reach_of(blast), "deltas": deltas_of(blast)}, indent=2))
            return
        self.stdout.write(
            f"{version}: {blast.count} live, {len(blast.exempt)} locked, {len(blast.rated)} rated, "
            f"{len(blast.unrated)} without a price"
        )
        for one in blast.spreads:
            p50, p95, delta = (from_minor(each, one.currency) for each in (one.p50, one.p95, one.delta))
            self.stdout.write(
                f"  {one.currency}: {delta:+} in all, p50 {p50:+}, p95 {p95:+}; "
                f"{one.pay_more} pay more, {one.pay_less} less, {one.same} the same"
            )
        for missed in blast.unrated:
            self.stdout.write(f"  {missed.reached.subscription.public_id}: {missed.reason}")
