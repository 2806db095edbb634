"""Case files: scanned dossiers that arrive, are split into pages, read in the browser and annotated."""
