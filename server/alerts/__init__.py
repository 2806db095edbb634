"""What reaches people outside the pages, so that no deadline passes unseen."""
