"""The certificate of erasure: what was changed, and what a scan found afterwards. It holds nobody's id."""

import json
from pathlib import Path
from typing import Any

from rastro.terminal.tables import table

FOLDER = "erasures"


def text(paper: dict[str, Any]) -> str:
    """For people; the JSON beside it says the same."""
    proof = paper["proof"]
    title = "CERTIFICATE OF ERASURE" if proof["places_with_the_id"] == 0 else "ERASURE NOT COMPLETE"
    lines = [
        "WHAT AN ERASURE WOULD DO (nothing was changed)" if paper["dry_run"] else title,
        "",
        f"environment   {paper['environment']}",
        f"request       {paper['request']}   (SHA-256 of what was asked for; the ids themselves are not kept)",
        f"about         {paper['about']}, {paper['visitors']} visitors whole, {paper['shared_visitors']} in part",
        f"began, ended  {paper['began_at']}, {paper['ended_at']}",
        f"by            {paper['who']}",
        "",
        "Tables (rows taken out, files written anew, older snapshots given up, files deleted)",
        table([{"table": name, **figures} for name, figures in paper["tables"].items()]),
        "Objects and files",
        table(paper["objects"]),
    ]
    if not paper["dry_run"]:
        lines += [
            "Proof",
            f"  All {proof['objects']:,} objects and files ({proof['bytes']:,} bytes) were read as they now are,",
            f"  compressed and packed parts included. The id stands in {proof['bytes_with_the_id']} bytes.",
            *(f"  STILL THERE: {one}" for one in proof["left"]),
        ]
    lines += [
        "",
        "Not erased by this run, and when it is gone",
        *(f"  {one}" for one in paper["pending"]),
        "",
    ]
    return "\n".join(lines)


def write(home: Path, paper: dict[str, Any], s3: Any, bucket: str) -> Path:
    """Both forms under `<home>/erasures/`, and in the bucket where there is one; the path of the text."""
    name = f"{paper['ended_at'][:19].replace(':', '')}-{paper['request'][:8]}"
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    forms = {f"{name}.json": json.dumps(paper, indent=2) + "\n", f"{name}.txt": text(paper)}
    for file, body in forms.items():
        (folder / file).write_text(body, encoding="utf-8")
        if s3 is not None:
            s3.put_object(Bucket=bucket, Key=f"{FOLDER}/{file}", Body=body.encode())
    return folder / f"{name}.txt"
