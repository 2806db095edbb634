"""The one door to PyMuPDF: documents from outside are opened in sandboxed child processes, never here."""
