"""Write the runbook into both pages."""

import sys

from infra.stacks.monitoring import runbook

found = [why for group in runbook.read() for section in group.sections if (why := runbook.stale(section))]
if found:
    sys.exit("\n".join(found))
for language, path in runbook.PAGES.items():
    path.write_text(runbook.page(language, path.read_text(encoding="utf-8")), encoding="utf-8")
