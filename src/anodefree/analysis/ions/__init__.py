"""What tracks of ions, and the numbers of a cell, say about helical motion."""
