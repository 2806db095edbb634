"""Regional cooperation: which lawyer could take a case, with every reason for and against said."""
