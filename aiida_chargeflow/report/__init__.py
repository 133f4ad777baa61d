"""The report: finished models as static HTML pages that open offline."""
