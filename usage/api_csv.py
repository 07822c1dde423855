"""A page as CSV for whoever accepts text/csv: the same rows and columns as the JSON, refusals stay JSON.

No byte order mark, as programs read this; the portal's export has one for spreadsheets.
"""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from usage.csv_text import harmless


class CsvPage(BaseRenderer):
    """Renders the `data` of a page."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Write a header and one line a row."""
        if not isinstance(data, dict) or "data" not in data:
            return json.dumps(data, ensure_ascii=False).encode()
        columns = (renderer_context or {})["view"].columns
        out = io.StringIO()
        rows = csv.writer(out)
        rows.writerow(columns)
        rows.writerows([harmless(row[name]) for name in columns] for row in data["data"])
        return out.getvalue().encode()


def linked(request: Request, body: Mapping[str, Any]) -> Response:
    """Return a page that says where the next one is, whatever its form."""
    answer = Response(body)
    if body["next_cursor"]:
        here = request.build_absolute_uri()
        answer["Link"] = f'<{replace_query_param(here, "cursor", body["next_cursor"])}>; rel="next"'
    return answer
